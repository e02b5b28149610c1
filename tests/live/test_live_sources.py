"""`telemetry contracts live` on what real processes leave and serve, whatever the form."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import urllib.request
from pathlib import Path

import pytest
from tests.live.programs import KILLED, RUNNING, STRAYING, Found, look, record, recording, serving
from typer.testing import CliRunner

from telemetry.cli.bundle import app as bundle_app


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The journals of a process that was killed with a span open."""
    record(KILLED, tmp_path / "specc")
    return tmp_path / "specc"


@pytest.fixture
def packed(killed: Path, tmp_path: Path) -> Path:
    """The same as a bundle."""
    bundle = tmp_path / "run.tar.gz"
    arguments = ["pack", "--journal", str(killed), "--output", str(bundle), "--unsigned"]
    assert CliRunner().invoke(bundle_app, arguments).exit_code == 0
    return bundle


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def is_the_killed_run(found: Found) -> bool:
    """Check that the killed run was read whole: its spans, its line, its metrics, and what is foreign apart."""
    report = found.report
    assert (found.status, report["findings"]) == (0, []), report["findings"]
    assert report["seen"]["spans"] == {"pipeline.run": 1, "spec.parse": 1}
    assert report["seen"]["metrics"] == {"compile_success_total": 1}
    assert report["seen"]["events"] == {"spec.parsed": 1}
    assert report["coverage"]["spans"]["missing"][0] == "plan.compile_graph"
    assert report["coverage"]["contracts"]["percent"] == round(100 * 4 / 27, 1)
    assert "span GET" in report["foreign"]["httpx 1.0"]
    return True


def test_a_journal_after_a_kill(killed: Path) -> None:
    """What a killed process finished counts, and so does the span that was open, which lacks nothing for that."""
    found = look(killed, "--json")
    assert is_the_killed_run(found)
    assert (found.report["source"], found.report["foreign"]["httpx 1.0"]["metric http.requests"]) == ("journal", 1)


def test_a_folder_of_services(killed: Path, tmp_path: Path) -> None:
    """The folder around the folders of services is all of them; `--service` takes one of them."""
    record(STRAYING, tmp_path / "other", OTEL_SERVICE_NAME="other")
    shutil.copytree(killed, tmp_path / "all" / "a")
    shutil.copytree(tmp_path / "other", tmp_path / "all" / "b")
    assert look(tmp_path / "all", "--json").report["seen"]["spans"]["spec.parse"] == 2
    assert look(tmp_path / "all", "--json", "--service", "specc").report["counts"]["spans"] == 4
    nobody = look(tmp_path / "all", "--json", "--service", "nobody")
    assert nobody.report["counts"]["spans"] == 0


def test_equal_findings_are_one_with_a_count(tmp_path: Path) -> None:
    """An event that nobody declared is one finding, however often; the first is its example; the exit code is 1."""
    record(STRAYING, tmp_path / "j")
    found = look(tmp_path / "j", "--json")
    assert found.status == 1
    assert found.codes == [("TC620", "event spec.parst", 7), ("TC621", "event spec.parsed", 1)]
    first = found.report["findings"][0]
    assert (first["level"], first["example"]) == ("error", "line 1 (spec.parst)")
    text = look(tmp_path / "j").text
    assert "event spec.parst: TC620 the registry has no such event; declare it in a registry file (7 times" in text


def test_a_bundle_brings_its_contracts(packed: Path, tmp_path: Path) -> None:
    """A bundle is held against what was agreed when it was recorded, or against another registry."""
    found = look(packed, "--json")
    assert is_the_killed_run(found)
    assert found.report["source"] == "bundle"
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"extends": ["quality"]}))
    assert ("TC601", "span pipeline.run", 1) in look(packed, "--json", "--registry", other).codes


def test_a_bundle_replayed_as_otlp_json(packed: Path, tmp_path: Path) -> None:
    """The lines that a replay writes say the same as the bundle, from a file, compressed, and from a pipe."""
    lines = tmp_path / "run.jsonl"
    assert CliRunner().invoke(bundle_app, ["replay", str(packed), "--otlp-json", str(lines)]).exit_code == 0
    assert is_the_killed_run(look(lines, "--json"))
    assert is_the_killed_run(look("-", "--json", data=lines.read_bytes()))
    compressed = tmp_path / "run.jsonl.gz"
    compressed.write_bytes(gzip.compress(lines.read_bytes()))
    assert is_the_killed_run(look(compressed, "--json"))


def test_the_files_of_the_official_exporters() -> None:
    """What OpenTelemetry's own SDK wrote by its file exporters (0.66b1) is read: spans by name, metrics by series."""
    found = look(Path(__file__).parent / "official.jsonl", "--json")
    assert found.codes == [
        ("TC611", "metric pipeline_latency_seconds", 1),
        ("TC612", "metric pipeline_latency_seconds", 1),
        ("TC603", "span spec.parse", 1),
    ]
    assert found.report["seen"]["metrics"] == {"pipeline_latency_seconds": 1, "compile_success_total": 1}
    assert found.report["foreign"] == {"app 1": {"span GET": 1}}


def test_a_live_endpoint(tmp_path: Path) -> None:
    """A process that serves its metrics is asked; the same text as a file says the same, in both formats."""
    with serving(free_port()) as url:
        reports = [look(url, "--json")]
        for accept in ("text/plain", "application/openmetrics-text"):
            request = urllib.request.Request(url, headers={"Accept": accept})
            path = tmp_path / accept.replace("/", "-")
            path.write_bytes(urllib.request.urlopen(request).read())
            reports.append(look(path, "--json"))
    for found in reports:
        assert (found.status, found.report["findings"]) == (0, [])
        assert found.report["seen"]["metrics"]["pipeline_latency_seconds"] == 1
        assert found.report["foreign"]["httpx 1.0"] == {"metric http_requests": 1} or "httpx 1.0" in str(found.report)
        assert set(found.report["coverage"]) >= {"contracts", "metrics"} and "spans" not in found.report["coverage"]


def test_a_process_that_still_runs(tmp_path: Path) -> None:
    """A journal can be looked at while its process records: what is open counts as seen, and lacks nothing."""
    with recording(RUNNING, tmp_path / "j"):
        found = look(tmp_path / "j", "--json")
    assert (found.status, found.codes) == (0, [])
    assert found.report["seen"]["spans"] == {"spec.parse": 1, "compile.execute": 1}


def test_a_damaged_journal_beside_a_sound_one(killed: Path) -> None:
    """What cannot be read is a finding with its file; the rest is read all the same."""
    (sound,) = killed.glob("*-*-*.journal")
    (killed / "1-2-3.journal").write_bytes(sound.read_bytes()[:5000])
    (killed / "1-2-4.journal").write_bytes(b"no journal" * 1000)
    found = look(killed, "--json")
    assert [(code, count) for code, _, count in found.codes] == [("TC650", 1)] * len(found.codes)
    assert found.report["counts"]["spans"] >= 3
    assert "1-2-4.journal" in found.text
    assert look(killed, "--fail-on", "warning").status == 1


def test_metrics_that_are_about_to_go(tmp_path: Path) -> None:
    """What was recorded under contracts that have changed since: deprecated warns, removed and another shape fail."""
    depth = {"kind": "gauge", "unit": "count", "owner": "me", "description": "It.", "labels": ["environment"]}
    names = ("old_depth", "gone_depth", "odd_depth", "lost_depth")
    (tmp_path / "before.json").write_text(json.dumps({"extends": [], "metrics": [{**depth, "name": n} for n in names]}))
    old = {"since": "2026-01-31", "replaced_by": "new_depth"}
    after = [
        {**depth, "name": "old_depth", "stability": "deprecated", **old},
        {**depth, "name": "gone_depth", "stability": "removed", "deprecated_since": "2026-01-01", **old},
        {**depth, "name": "odd_depth", "labels": ["environment", "team"]},
        {**depth, "name": "new_depth"},
    ]
    (tmp_path / "after.json").write_text(json.dumps({"extends": [], "metrics": after}))
    program = "".join(f"telemetry.metric({name!r}).labels().set(1)\n" for name in names)
    record(program, tmp_path / "j", TELEMETRY_REGISTRY=str(tmp_path / "before.json"))
    found = look(tmp_path / "j", "--json", "--registry", tmp_path / "after.json")
    said = [(each["code"], each["level"], each["subject"]) for each in found.report["findings"]]
    assert found.status == 1
    assert said == [
        ("TC606", "error", "metric gone_depth"),
        ("TC610", "error", "metric lost_depth"),
        ("TC611", "error", "metric odd_depth"),
        ("TC606", "warning", "metric old_depth"),
    ]


@pytest.mark.parametrize(("written", "is_told"), [("new_depth", False), ("old_depth", True)])
def test_a_rename_is_told_only_where_the_old_name_is_written(tmp_path: Path, written: str, is_told: bool) -> None:
    """A program that records the new name alone keeps the contracts, though the old name shows its series too."""
    depth = {"kind": "gauge", "unit": "count", "owner": "me", "description": "It.", "labels": ["environment"]}
    old = {"stability": "deprecated", "since": "2026-01-31", "replaced_by": "new_depth"}
    registry, page = tmp_path / "team.json", tmp_path / "page.txt"
    metrics = [{**depth, "name": "old_depth", **old}, {**depth, "name": "new_depth"}]
    registry.write_text(json.dumps({"extends": [], "metrics": metrics}))
    program = f"telemetry.metric({written!r}).labels().set(1)\n"
    record(program, tmp_path / "j", TELEMETRY_REGISTRY=str(registry))
    page.write_text("".join(f'{name}{{environment="staging"}} 1\n' for name in ("old_depth", "new_depth")))
    for source in (tmp_path / "j", page):
        told = [each for each in look(source, "--json", "--registry", registry).codes if each[0] == "TC606"]
        assert told == ([("TC606", "metric old_depth", 1)] if is_told and source != page else [])


def test_a_scrape_says_no_service(tmp_path: Path) -> None:
    """To ask a scrape for one service is bad usage."""
    path = tmp_path / "metrics.txt"
    path.write_text("up 1\n")
    found = look(path, "--service", "specc")
    assert (found.status, "does not say who recorded" in found.said) == (2, True)


def test_an_empty_journal_is_no_pass(tmp_path: Path) -> None:
    """Nothing recorded is a finding: a gate must not pass because a program told nobody."""
    record("", tmp_path / "j")
    found = look(tmp_path / "j", "--json")
    assert (found.status, found.codes) == (1, [("TC600", "the source", 1)])
