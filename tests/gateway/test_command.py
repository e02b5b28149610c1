"""`telemetry gateway` beside real processes that are really killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from tests.collector import HANG, OK, Collector

from telemetry.cli.folders import OFF

TOOL = Path(__file__).parents[2] / "tools" / "telemetry_gateway.py"
TOTAL = re.compile(r"^compile_success_total\{.*\} (\S+)$", re.MULTILINE)

# A pool whose workers count, run a stage in which they die, and are replaced; it says first how much they will count.
POOL = """
import os, random, signal, sys
import telemetry
count = [random.Random(n).randrange(1, 60) for n in range(int(sys.argv[1]))]
print(sum(count), flush=True)
with telemetry.configure("specc", environment="staging"):
    cell = telemetry.metric("compile_success_total").labels(backend="c-gcc", host_region="here")
    for number, times in enumerate(count):
        pid = os.fork()
        if not pid:
            for _ in range(times):
                cell.inc()
            with telemetry.span("compile.execute"):
                pass
            with telemetry.span("verify.run"):
                os.kill(os.getpid(), signal.SIGKILL) if number % 2 else os._exit(3)
        os.waitpid(pid, 0)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of all processes of a test: journals in one folder, a gateway that says where it listens."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("OTEL_", "TELEMETRY_", "PROM"))}
    pure = {name: text for name, text in os.environ.items() if name == "TELEMETRY_PURE"}
    return {**kept, **pure, "TELEMETRY_JOURNAL": str(tmp_path / "journals"), "OTEL_SERVICE_NAME": "specc"}


@contextmanager
def running(environment: dict[str, str], *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a gateway on a free port; give its address and its process."""
    command = [sys.executable, str(TOOL), "--port", "0", "--json", *options]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"], process
        finally:
            process.kill()


@contextmanager
def pool(environment: dict[str, str], workers: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a pool; give it, and how much its workers will have counted in the end, and see it end well."""
    command = [sys.executable, "-c", POOL, str(workers)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        assert process.wait(60) == 0


def counted(environment: dict[str, str], workers: int) -> int:
    """Run a pool to its end; give how much its workers have counted."""
    with pool(environment, workers) as (_, expected):
        return expected


def total(url: str) -> float:
    """Add up what a scrape says."""
    answer = httpx.get(url + "/metrics", verify=False, trust_env=False)
    assert answer.status_code == 200
    return sum(map(float, TOTAL.findall(answer.text)))


def await_(condition: object, seconds: float = 20.0) -> bool:
    """Wait until something holds."""
    end = monotonic() + seconds
    assert callable(condition)
    while not (held := condition()) and monotonic() < end:
        sleep(0.05)
    return bool(held)


def test_workers_that_die_during_scrapes_count_to_the_last(environment: dict[str, str], tmp_path: Path) -> None:
    """A total never falls while workers are killed and added up between two scrapes, and in the end it is exact."""
    with running(environment) as (url, _):
        seen = [0.0]
        with pool(environment, 12) as (process, expected):
            while process.poll() is None:
                seen.append(total(url))
        seen.append(total(url))
        folder = tmp_path / "journals"
        assert await_(lambda: 'state="dead"} 0.0' in httpx.get(url + "/metrics", verify=False, trust_env=False).text)
        seen.append(total(url))
        assert seen == sorted(seen)
        assert seen[-1] == expected
        # Nobody ships: what has spans stays for the bundle.
        assert await_(lambda: len(list(folder.glob("*-*.journal"))) == 12)


def test_spans_of_killed_workers_arrive_once(environment: dict[str, str], tmp_path: Path) -> None:
    """Each finished span of each dead worker is shipped once, what it was in is closed, and its file goes."""
    with Collector() as collector:
        sender = {**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with running(sender) as (url, _):
            expected = counted(environment, 5)
            assert await_(lambda: not list((tmp_path / "journals").glob("*-*.journal")))
            assert total(url) == expected
            names = [span.name for span in collector.intake.span.values()]
            assert (names.count("compile.execute"), names.count("verify.run")) == (5, 5)
            assert set(collector.spans.values()) == {1}
            assert await_(lambda: _pushed(collector) == expected)


def _pushed(collector: Collector) -> float:
    metric = collector.metrics.get("compile_success_total")
    return sum(point.as_double for point in metric.sum.data_points) if metric else 0.0


def test_gateway_that_is_killed_is_replaced(environment: dict[str, str]) -> None:
    """A second gateway serves the same totals, and takes the lead as soon as the first one is dead."""
    with running(environment) as (first, leader), running(environment) as (second, _):
        leads = "telemetry_gateway_leads 1.0"
        assert await_(lambda: leads in httpx.get(first + "/metrics", verify=False, trust_env=False).text)
        expected = counted(environment, 2)
        assert total(first) == total(second) == expected
        assert "telemetry_gateway_leads 0.0" in httpx.get(second + "/metrics", verify=False, trust_env=False).text
        leader.kill()
        leader.wait()
        assert await_(lambda: leads in httpx.get(second + "/metrics", verify=False, trust_env=False).text)
        assert total(second) == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_in_order(environment: dict[str, str], number: signal.Signals) -> None:
    """It ships what waits, answers no more, and says that all went well; a collector that hangs delays it little."""
    with Collector() as collector:
        sender = {**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with running(sender) as (url, gateway):
            assert await_(lambda: httpx.get(url + "/readyz", verify=False, trust_env=False).status_code == 200)
            counted(environment, 1)
            gateway.send_signal(number)
            assert gateway.wait(10) == 0
            assert "compile.execute" in {span.name for span in collector.intake.span.values()}
        with pytest.raises(httpx.TransportError):
            httpx.get(url + "/healthz", verify=False, trust_env=False)


def test_collector_that_hangs_does_not_hold_up_the_end(environment: dict[str, str], tmp_path: Path) -> None:
    """It ends within its deadline and a grace, and what was not answered for stays in the journal."""
    with Collector() as collector:
        collector.always(HANG)
        with running({**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}) as (_, gateway):
            counted(environment, 1)
            began = monotonic()
            gateway.send_signal(signal.SIGTERM)
            assert gateway.wait(20) == 0
            assert monotonic() - began < 8
        collector.always(OK)
    assert list((tmp_path / "journals").glob("*-*.journal"))


@pytest.mark.parametrize(
    ("options", "service"), [(["--service", "specc"], ""), ([], "specc"), (["--service", "telemetry_gateway"], "specc")]
)
def test_the_default_folder_of_a_service(
    environment: dict[str, str], tmp_path: Path, options: list[str], service: str
) -> None:
    """With nothing set but the service, by option or variable, it serves where that service records by default."""
    unset = {"TELEMETRY_JOURNAL": "", "XDG_RUNTIME_DIR": str(tmp_path), "OTEL_SERVICE_NAME": service}
    with running({**environment, **unset}, *options) as (url, _):
        expected = counted({**environment, **unset}, 2)
        served = total(url) == expected
    assert served is (options[-1:] != ["telemetry_gateway"])
    assert (tmp_path / "telemetry" / (options[-1] if options else service)).is_dir()


@pytest.mark.parametrize(
    ("options", "setting", "message"),
    [
        (["--host", "0.0.0.0"], {}, "can be reached from other machines"),
        (["--token-file", "/nowhere"], {}, "--token-file /nowhere: No such file"),
        ([], {"TELEMETRY_JOURNAL": "false"}, OFF),
        ([], {"TELEMETRY_JOURNAL": "", "OTEL_SERVICE_NAME": ""}, "say whose processes to serve: --service"),
        ([], {"TELEMETRY_REGISTRY": "/nowhere.json"}, "/nowhere.json"),
    ],
)
def test_it_refuses_to_start_and_says_why(
    environment: dict[str, str], options: list[str], setting: dict[str, str], message: str
) -> None:
    """Bad usage is exit code 2 and one line."""
    command = [sys.executable, str(TOOL), "--port", "0", *options]
    done = subprocess.run(command, env={**environment, **setting}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
