"""Observable instruments are read as a run is flushed and as it ends, whatever their callbacks do."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from tests.collector import Collector
from tests.runtime.conftest import Run

from telemetry.contracts import load_registry
from telemetry.export.gateway import Access, Gateway

OBSERVED = """
import os, sys, time, telemetry
runtime = telemetry.configure("specc", {settings})
from opentelemetry import metrics
from opentelemetry.metrics import Observation
looks = []
def look(_):
    looks.append(os.getpid())
    return [Observation(7, {{"backend": "c-gcc"}})]
meter = metrics.get_meter("library")
meter.create_observable_counter("compile_success_total", [look])
meter.create_observable_counter("app.seen", [look])
meter.create_observable_gauge("app.heat", [look])
meter.create_observable_up_down_counter("app.depth", [look])
"""
NAMES = ("compile_success_total", "app.seen", "app.heat", "app.depth")
TWINS = ("0", "1")


def page(folder: Path) -> dict[str, float]:
    """Give the values that a gateway of the folder shows for what was observed, by the names in its page."""
    with Gateway(folder, load_registry(), Access(port=0)) as gateway:
        text = httpx.get(gateway.url + "/metrics", trust_env=False).text
    found = re.findall(r"^(compile_success_total|app_\w+)\{.*\} (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


@pytest.mark.parametrize("pure", TWINS)
@pytest.mark.parametrize("end", ["", "telemetry.shutdown()", "runtime.shutdown()", "runtime.flush(); os._exit(0)"])
def test_a_run_shorter_than_an_interval_sends_what_is_observed(run: Run, end: str, pure: str) -> None:
    """The endpoint has each observable instrument, whether the program ends, shuts down, or flushes and is gone."""
    with Collector() as collector:
        settings = f"endpoint={collector.url!r}, shutdown_timeout_seconds=20"
        ended = run(OBSERVED.format(settings=settings) + end, TELEMETRY_PURE=pure)
        sent = dict(collector.metrics)
    assert (ended.status, ended.stderr) == (0, "")
    data = {name: getattr(sent[name], str(sent[name].WhichOneof("data"))) for name in NAMES}
    points = {name: [point.as_double for point in data[name].data_points] for name in NAMES}
    assert points == {name: [7.0] for name in NAMES}


@pytest.mark.parametrize("pure", TWINS)
@pytest.mark.parametrize("end", ["", "runtime.shutdown()", "runtime.flush(); runtime.flush(); os._exit(0)"])
def test_a_journal_has_what_was_observed(run: Run, tmp_path: Path, end: str, pure: str) -> None:
    """Without an endpoint the values are in the journal, once, for the gateway that reads it."""
    ended = run(OBSERVED.format(settings="journal='journals'") + end, TELEMETRY_PURE=pure)
    assert (ended.status, ended.stderr) == (0, "")
    expected = dict.fromkeys(("compile_success_total", "app_seen", "app_heat"), 7.0)
    assert page(tmp_path / "journals") == {**expected, "app_depth": 0.0}  # of the dead, nobody holds it any more


def test_callbacks_run_once_at_the_end(run: Run) -> None:
    """They are called once each, and a second shutdown calls none."""
    ended = run(
        OBSERVED.format(settings="journal=False") + "telemetry.shutdown(); runtime.shutdown(); print(len(looks))"
    )
    assert ended.stdout == "4\n", ended.stderr


@pytest.mark.parametrize(
    "body",
    [
        "raise RuntimeError('no')",
        "raise SystemExit(3)",
        "time.sleep(60)",
        "telemetry.shutdown()",
        "runtime.flush()",
        "telemetry.metric('backend_missing_binaries').labels(backend='c-gcc').set(1); return [Observation(1)]",
    ],
)
def test_a_callback_harms_nothing_at_the_end(run: Run, tmp_path: Path, body: str) -> None:
    """One that raises, hangs, ends the run or records costs no other, no exit status, and no more than a deadline."""
    bad = f"""
def bad(_):
    {body}
began = time.monotonic()
meter.create_observable_gauge("app.bad", [bad])
telemetry.shutdown()
print(time.monotonic() - began < 10)
"""
    ended = run(OBSERVED.format(settings="journal='journals'") + bad)
    assert (ended.status, ended.stdout) == (0, "True\n"), ended.stderr
    assert page(tmp_path / "journals")["compile_success_total"] == 7.0


def test_a_forked_child_reads_nothing_that_it_inherits(run: Run, tmp_path: Path) -> None:
    """A child that shuts down has the callbacks of its parent left alone, so no count is there twice."""
    ended = run(
        OBSERVED.format(settings="journal='journals'")
        + """
child = os.fork()
if not child:
    meter.create_observable_gauge("app.own", [look])
    telemetry.shutdown()
    print(len(looks), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    assert (ended.status, ended.stdout) == (0, "1\n"), ended.stderr
    shown = page(tmp_path / "journals")
    assert (shown["compile_success_total"], shown["app_seen"], shown["app_own"]) == (7.0, 7.0, 7.0)


def test_an_instrument_is_made_while_a_callback_hangs(run: Run) -> None:
    """An application that makes an observable instrument never waits for a callback of another one."""
    ended = run(
        OBSERVED.format(settings="journal=False")
        + """
from threading import Event, Thread
begun, go = Event(), Event()
def hang(_):
    begun.set()
    go.wait()
    return []
meter.create_observable_gauge("app.hung", [hang])
reader = Thread(target=runtime.families, daemon=True)
reader.start()
begun.wait()
maker = Thread(target=lambda: meter.create_observable_gauge("app.late", [look]), daemon=True)
maker.start()
maker.join(10)
print(maker.is_alive())
go.set()
"""
    )
    assert ended.stdout == "False\n", ended.stderr
