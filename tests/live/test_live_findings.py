"""What the live check finds: each kind of finding comes up for what it is about, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.live.programs import Found, look
from tests.live.requests import START, counter, histogram, line, logs, metrics, span, traces

LABELS = {"backend": "c-gcc", "environment": "staging", "host_region": "here"}
GOOD = {"host.kind": "online"}
TOKEN = "ghp_" + "a1B2" * 9
METRIC: dict[str, Any] = {
    "kind": "gauge", "description": "What it counts.", "owner": "pipeline", "labels": ["environment"], "unit": "count",
}  # fmt: skip
REGISTRY = {
    "metrics": [
        {**METRIC, "name": "old_depth", "stability": "deprecated", "since": "2026-01-31", "replaced_by": "new_depth"},
        {**METRIC, "name": "new_depth", "range": [0, 9]},
    ],
    "spans": [
        {"name": "old.stage", "description": "It was.", "stability": "deprecated", "attributes": []},
        {
            "name": "login",
            "description": "Log in.",
            "attributes": [
                {"name": "login.password", "type": "string", "description": "It.", "class": "secret"},
                {"name": "login.user", "type": "string", "description": "Who.", "class": "secret", "treatment": "hash"},
            ],
        },
    ],
}

Check = Callable[..., Found]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Hold lines of OTLP JSON, or the text of a scrape, against a registry."""

    def check(*lines: str, **options: Any) -> Found:
        registry, source = tmp_path / "registry.json", tmp_path / "source"
        registry.write_text(json.dumps({**REGISTRY, **options}))
        source.write_text("".join(lines))
        return look(source, "--json", "--registry", registry)

    return check


OTLP = [
    ("TC601", traces(span("spec.pars", GOOD))),
    ("TC602", traces(span("spec.parse"))),
    ("TC602", traces(span("spec.parse", {"host.kind": "moon"}))),
    ("TC602", traces(span("spec.parse", {"host.kind": 3}))),
    ("TC603", traces(span("spec.parse", {**GOOD, "colour": "red"}))),
    ("TC604", traces(span("spec.parse", GOOD, endTimeUnixNano=str(START - 1)))),
    ("TC605", traces(span("spec.parse", GOOD, kind="SPAN_KIND_CLIENT"))),
    ("TC606", traces(span("old.stage", GOOD))),
    ("TC606", metrics({"name": "old_depth", "gauge": {"dataPoints": [{"asInt": "3", "attributes": [
        {"key": "environment", "value": {"stringValue": "staging"}}]}]}})),
    ("TC610", metrics(counter("compile_sucess_total", 1, LABELS))),
    ("TC611", metrics({**counter("pipeline_latency_seconds", 1, LABELS)})),
    ("TC611", metrics(counter("compile_success_total", 1, LABELS, unit="By"))),
    ("TC611", metrics(histogram("pipeline_latency_seconds", (1, 2), LABELS))),
    ("TC612", metrics(counter("compile_success_total", 1, {**LABELS, "environment": "moon"}))),
    ("TC612", metrics(counter("compile_success_total", 1, {"backend": "c-gcc", "host_region": "here"}))),
    ("TC612", metrics(counter("compile_success_total", 1, {**LABELS, "colour": "red"}))),
    ("TC612", metrics(counter("compile_success_total", 1, {**LABELS, "backend": "a text"}))),
    ("TC613", metrics(counter("compile_success_total", -1, LABELS))),
    ("TC615", metrics(counter("compile_success_total", 1, {"environment": "staging", "otel.metric.overflow": True}))),
    ("TC620", logs(line("spec.parst"))),
    ("TC621", logs(line("spec.parsed"))),
    ("TC621", logs(line("spec.parsed", {"spec": 3}))),
    ("TC621", logs(line("spec.parsed", {"spec": "a", "colour": "red"}))),
    ("TC621", logs(line("spec.parsed", {"spec": "a"}, severityNumber=5))),
    ("TC630", traces(span("login", {**GOOD, "login.password": "secret"}))),
    ("TC630", traces(span("login", {**GOOD, "login.user": "ada"}))),
    ("TC630", traces(span("spec.parse", {**GOOD, "process.command": f"push {TOKEN}"}))),
    ("TC630", logs(line("spec.parsed", {"spec": TOKEN}))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text"), OTLP)
def test_one_thing_wrong_is_one_finding(check: Check, code: str, text: str) -> None:
    """What is wrong has the code for it, and nothing else is found."""
    found = check(text)
    assert {each for each, _, _ in found.codes} == {code}, found.report["findings"]


def test_what_is_right_is_no_finding(check: Check) -> None:
    """Spans, series and lines that keep the contracts are seen, and nothing is found."""
    found = check(
        traces(span("spec.parse", GOOD)),
        traces(span("login", {**GOOD, "login.user": "hmac:0123456789abcdef", "login.password": "[redacted]"})),
        metrics(counter("compile_success_total", 1, LABELS)),
        logs(line("spec.parsed", {"spec": "a"}), line("free text, and nobody's event")),
    )
    assert (found.status, found.codes) == (0, [])
    assert found.report["seen"]["metrics"] == {"compile_success_total": 1}


def test_secrets_are_never_shown(check: Check, tmp_path: Path) -> None:
    """No output has the value of a secret that was found, nor a credential in what is wrong for another reason."""
    wrong = [
        traces(span("login", {**GOOD, "login.password": "hunter2hunter2"})),
        traces(span(f"get {TOKEN}", GOOD)),
        metrics(counter("compile_success_total", 1, {**LABELS, "backend": TOKEN})),
        logs(line("spec.parsed", {"spec": "a", "line": TOKEN})),
    ]
    found = check(*wrong)
    text = found.text + look(tmp_path / "source", "--registry", tmp_path / "registry.json").text
    assert found.status == 1 and "TC630" in text
    assert "hunter2" not in text and TOKEN not in text


@pytest.mark.parametrize(
    ("policy", "level", "status"), [("allow", None, 0), ("count", "warning", 0), ("refuse", "error", 1)]
)
def test_foreign_scopes_are_listed_apart(check: Check, policy: str, level: str | None, status: int) -> None:
    """What other scopes record in no contract is listed by scope; it is wrong only as the registry's `foreign` says."""
    guest = traces(span("GET"), span("GET"), scope="elsewhere")
    found = check(guest, logs(line("some.event"), scope="elsewhere"), foreign=policy)
    assert (found.status, [each["level"] for each in found.report["findings"]]) == (status, [level] * bool(level))
    assert found.report["foreign"]["elsewhere 1.0"] == {"span GET": 2}


def test_a_contract_counts_whoever_records_it(check: Check) -> None:
    """A span of another SDK with the name of a contract is held against that."""
    found = check(traces(span("spec.parse", {"host.kind": "moon"}), scope="elsewhere"))
    assert found.codes == [("TC602", "span spec.parse", 1)]


def test_a_line_without_ids_inside_of_a_span(check: Check) -> None:
    """It is a finding where a span of its process was open, before or after it in the source, and else none."""
    inside, outside = (line("spec.parsed", {"spec": "a"}, traceId="", spanId="") for _ in range(2))
    outside["timeUnixNano"] = str(START - 5)
    found = check(logs(inside, outside), traces(span("spec.parse", GOOD)))
    assert found.codes == [("TC623", "event spec.parsed", 1)]
    assert check(logs(inside, service="other"), traces(span("spec.parse", GOOD))).codes == []


def test_lines_lack_what_every_line_has(check: Check) -> None:
    """A line of ours without the fields of a run is found; free text too."""
    bare = {**line("hello there"), "attributes": []}
    found = check(logs(bare))
    assert {code for code, _, _ in found.codes} == {"TC622"}
    assert len(found.codes) == 4


def test_log_lines_as_they_are_written(check: Check) -> None:
    """A file of our own log lines is a source too."""
    fields = {"run_id": "r", "organization_slug": "o", "component": "c", "env": "staging"}
    good = {"timestamp": "2026-11-22T02:10:31.657664074Z", "severity": "info", "event": "spec.parsed", **fields}
    found = check(json.dumps({**good, "spec": "a"}) + "\n" + json.dumps({**good, "spec": 3}) + "\n")
    assert found.codes == [("TC621", "event spec.parsed", 1)]


def test_fail_on_decides_what_fails(tmp_path: Path) -> None:
    """A warning passes, unless `--fail-on warning` says otherwise; an undeclared attribute is a note."""
    source = tmp_path / "source"
    source.write_text(traces(span("spec.parse", GOOD, kind=3)))
    assert [look(source, "--fail-on", level).status for level in ("error", "warning", "info")] == [0, 1, 1]
    source.write_text(traces(span("spec.parse", {**GOOD, "colour": "red"})))
    assert [look(source, "--fail-on", level).status for level in ("error", "warning", "info")] == [0, 0, 1]
    assert look(source, "--fail-on", "moon").status == 2


HEADS = "# HELP new_depth What it counts.\n# TYPE new_depth gauge\n"
OVERFLOWN = 'compile_success_total{backend="_overflow",environment="staging",host_region="here"} 1\n'
SCRAPES = [
    ("TC613", HEADS + 'new_depth{environment="staging"} NaN\n'),
    ("TC613", HEADS + 'new_depth{environment="staging"} 10\n'),
    ("TC614", HEADS + 'new_depth{environment="staging"} 1\nnew_depth{environment="staging"} 2\n'),
    ("TC612", HEADS + "new_depth 1\n"),
    ("TC611", "# TYPE new_depth counter\n" + 'new_depth{environment="staging"} 1\n'),
    ("TC610", 'never_heard{environment="staging"} 1\n'),
    ("TC615", "# TYPE compile_success_total counter\n" + OVERFLOWN),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text"), SCRAPES)
def test_what_a_scrape_shows(check: Check, code: str, text: str) -> None:
    """Each mistake in a scrape has its code, and is all that is found."""
    assert {each for each, _, _ in check(text).codes} == {code}


def test_what_client_libraries_expose_is_foreign(check: Check) -> None:
    """The metrics of a process and its runtime, which every client library adds, need no contract."""
    found = check(
        "# TYPE process_open_fds gauge\nprocess_open_fds 7\n" + HEADS + 'new_depth{environment="staging"} 1\n'
    )
    assert (found.codes, found.report["counts"]["foreign"]) == ([], 1)


def test_findings_are_bounded(check: Check) -> None:
    """Any number of names that nobody declared are a thousand findings, and one that counts the others."""
    found = check(*(traces(span(f"get.{number}", GOOD)) for number in range(1500)))
    assert len(found.codes) == 1001
    assert sum(count for _, _, count in found.codes) == 1500
    assert ("TC601", "others", 500) in found.codes
