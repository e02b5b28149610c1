"""What came through OpenTelemetry's API is listed apart in a report, and held against no contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.trace import Span, SpanProcessor

import telemetry
from telemetry.config import Settings, read_settings
from telemetry.contracts import load_registry
from telemetry.probe import Expected, Recorded, Report, as_json, as_text, check, probe_function
from telemetry.signals import Scope, SpanRecord


def settings(folder: Path, policy: str = "allow") -> Settings:
    """Give settings with a policy for what is foreign, and nothing else set."""
    registry = folder / "registry.json"
    registry.write_text(json.dumps({"name": "mine", "foreign": policy}))
    return read_settings(environ={}, directory=folder, registry=registry)


def guest_below_own() -> None:
    """Record a span under a contract, with spans and metrics of OpenTelemetry's API above and below it."""
    tracer = trace.get_tracer("httpx", "1.0")
    with tracer.start_as_current_span("request"), telemetry.span("spec.parse"):
        for _ in range(2):
            tracer.start_span("GET", attributes={"raw": b"\x01", "sizes": (1, 2)}).end()
    metrics.get_meter("httpx", "1.0").create_counter("http.requests").add(3, {"method": "GET"})


def text(report: Report) -> str:
    """Write a report as people read it."""
    return as_text(report, color=False, width=160)


def test_foreign_spans_and_metrics_pass(tmp_path: Path) -> None:
    """They need no contract, and the verdict names them in lines of their own, by scope."""
    report = probe_function(guest_below_own, settings(tmp_path))
    assert report.is_passed, text(report)
    lines = text(report).splitlines()
    assert "foreign   httpx 1.0: spans GET (2), request" in lines
    assert "foreign   httpx 1.0: metrics http.requests" in lines
    assert lines[-1] == "PASSED: 1 spans, 0 metrics, 0 log lines keep the contracts"


def test_json_has_them_apart(tmp_path: Path) -> None:
    """The report can be written as JSON, whatever values the API allowed."""
    found: dict[str, Any] = json.loads(json.dumps(as_json(probe_function(guest_below_own, settings(tmp_path)))))
    assert [span["name"] for span in found["spans"]] == ["spec.parse"]
    assert found["metrics"] == []
    foreign = found["foreign"]
    assert [(span["name"], span["scope"]) for span in foreign["spans"]] == [
        ("GET", "httpx"),
        ("GET", "httpx"),
        ("request", "httpx"),
    ]
    assert foreign["spans"][0]["attributes"] == {"raw": "01", "sizes": [1, 2]}
    (family,) = foreign["metrics"]
    assert (family["name"], family["series"][0]["value"]) == ("http.requests", 3.0)


@pytest.mark.parametrize(
    ("policy", "rules"),
    [
        ("allow", set()),
        ("count", {"foreign-span", "foreign-metric"}),
        ("refuse", {"foreign-span-refused", "foreign-metric-refused"}),
    ],
)
def test_policies_are_told_and_fail_nothing(tmp_path: Path, policy: str, rules: set[str]) -> None:
    """What the registry wants counted or refused is a note of the report, not an error."""
    report = probe_function(guest_below_own, settings(tmp_path, policy))
    assert report.is_passed, text(report)
    assert {(finding.rule, finding.level) for finding in report.findings} == {(rule, "info") for rule in rules}
    assert bool(report.foreign.spans) == (policy != "refuse")


def test_a_run_of_foreign_spans_alone_is_none(tmp_path: Path) -> None:
    """They are no stages: a pipeline that records nothing else has recorded nothing."""

    def guest() -> None:
        trace.get_tracer("httpx").start_span("GET").end()

    report = probe_function(guest, settings(tmp_path))
    assert {finding.rule for finding in report.findings} == {"span-missing"}


def test_attributes_of_processors_are_listed(tmp_path: Path) -> None:
    """An attribute that the contract does not know, and that a processor set, is named, and no breach."""

    class Stamp(SpanProcessor):
        """Puts the attribute `tenant` on every span."""

        def on_start(self, span: Span, parent_context: Any = None) -> None:
            """Set it."""
            span.set_attribute("tenant", "blue")

    def stamped() -> None:
        runtime = telemetry.current()
        assert runtime is not None
        runtime.add_span_processor(Stamp())
        with telemetry.span("spec.parse"):
            pass

    report = probe_function(stamped, settings(tmp_path))
    assert report.is_passed, text(report)
    assert "foreign   on spec.parse: attributes tenant" in text(report).splitlines()
    assert as_json(report)["foreign"]["attributes"] == {"spec.parse": ["tenant"]}


def test_own_spans_are_still_held_against_the_contracts(tmp_path: Path) -> None:
    """A wrong value under a contract is found beside foreign spans; a foreign parent makes no second root."""
    registry = load_registry(*settings(tmp_path).registry)
    wrong = SpanRecord("spec.parse", 1, 2, 9, 1, 2, {"host.kind": 3})
    guest = SpanRecord("request", 1, 9, None, 1, 2, {}, scope=Scope("httpx"))
    beside = SpanRecord("spec.parse", 1, 3, 9, 1, 2, {"host.kind": "online"})
    findings = check(Recorded([wrong, beside, guest], [], []), registry, Expected())
    assert {(finding.rule, finding.place.split()[1]) for finding in findings} == {("span-attributes", "spec.parse")}
    assert "host.kind" in findings[0].problem
