"""The engines that Debian does not have, by a stub of their protocols."""

from __future__ import annotations

import pytest
from tests.doctor.running import doctor
from tests.doctor.stub import stub
from tests.export.servers import free_port, silent_listener

ENGINES = ("victoriametrics", "victorialogs", "victoriatraces", "grafana", "collector", "fluentbit", "fluentbit-input")


def test_a_stack_that_works() -> None:
    """A span, a metric and a log line go through the collector, and are read back from the stores, by the mark."""
    with stub() as engines:
        code, found = doctor(*(f"{name}={engines.url}" for name in ENGINES))
    assert code == 0, found
    assert {"victorialogs a log line is read back", "victoriatraces a span is read back"} < set(found)
    ways = (("a span", "victoriatraces"), ("a metric", "victoriametrics"), ("a log line", "victorialogs"))
    assert {f"collector {what} is read back from {store}" for what, store in ways} < set(found)
    assert "fluentbit-input a log line is read back from victorialogs" in found


def test_what_is_lost_on_the_way() -> None:
    """A collector that takes spans and passes none on fails after 10 seconds, and the pipeline to look at is named."""
    with stub() as engines:
        engines.loses = {"/v1/traces"}
        code, found = doctor(f"collector={engines.url}", f"victoriatraces={engines.url}")
    lost = found["collector a span is read back from victoriatraces"]
    assert code == 1
    assert "did not arrive within 10 s" in lost["problem"]
    assert "pipeline of traces" in lost["remedy"]
    assert 9.5 < lost["seconds"] < 12
    assert found["victoriatraces a span is read back"]["problem"] == ""


def test_a_collector_alone() -> None:
    """Without a store to ask, it is said that nothing was read back."""
    with stub() as engines:
        code, found = doctor(f"collector={engines.url}")
    assert code == 0
    assert all("name a store to read it back" in subject for subject in found)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, b"no"), "put a user and password"),
        ((503, b"starting"), "it is not ready"),
        ((200, b"<html>"), "another program"),
        ((200, b"[1]"), "its database is None"),
        ((200, b'{"database": "failing"}'), "its database is 'failing'"),
        ((500, b"x" * 5000), "read its log"),
    ],
)
def test_answers_that_are_wrong(answer: tuple[int, bytes], said: str) -> None:
    """Each wrong answer has a problem of reasonable length, and a remedy."""
    with stub() as engines:
        engines.answers = {"/api/health": answer}
        code, found = doctor(f"grafana={engines.url}")
    (check,) = found.values()
    assert code == 1
    assert said in check["problem"] + check["remedy"]
    assert len(check["problem"]) < 300


def test_nobody_there() -> None:
    """A refused connection is one failed step, and the steps after it are left out."""
    code, found = doctor(f"prometheus=http://127.0.0.1:{free_port()}")
    assert (code, list(found)) == (1, ["prometheus is ready"])
    assert "does not answer" in found["prometheus is ready"]["problem"]


def test_somebody_who_never_answers() -> None:
    """A server that hangs costs 10 seconds, no more, and no step after it is tried."""
    with silent_listener() as url:
        code, found = doctor(f"victorialogs={url}", f"grafana={url}")
    assert code == 1
    assert all(9 < each["seconds"] < 12 for each in found.values())
    assert len(found) == 2


def test_passwords_are_not_shown() -> None:
    """A password in an address is used, and shown nowhere."""
    code, text = doctor("grafana=http://me:geheim@127.0.0.1:1", as_json=False)
    assert (code, "geheim" in text) == (1, False)


@pytest.mark.parametrize(
    "check", ["grafana", "graphana=http://x", "grafana=ftp://x", "grafana=http://", "grafana=http://x:y"]
)
def test_bad_usage(check: str) -> None:
    """A check that is none is bad usage, said in one line."""
    code, text = doctor(check)
    assert code == 2
    assert text.startswith("telemetry: --check: ")
