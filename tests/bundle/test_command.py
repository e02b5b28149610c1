"""`telemetry bundle` says what it did, in words and exit codes; and the whole way of a run that was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest
from tests.bundle.bundles import LOGS, SPANS, members
from tests.collector import Collector
from tests.journal.written import Journal, record
from typer.testing import CliRunner, Result

from telemetry.cli.bundle import app
from telemetry.journal import Folder
from telemetry.journal.bundle import open_key, public_text

PROGRAM = dedent("""
    import os, sys
    import telemetry

    telemetry.configure("specc", environment="staging", journal=sys.argv[1], log_format="json")
    log = telemetry.get_logger("build")

    @telemetry.instrument_span("codegen.lower", capture={"operator.name": "operator"})
    @telemetry.record_metric("compile_success_total", capture={"backend": "backend"})
    def lower(operator, backend="c-gcc"):
        with telemetry.span("spec.parse"):
            log.info("compile.start", backend=backend, operator=operator, token="hunter2")

    for number in range(250):
        lower(f"operator-{number}")
    with telemetry.span("plan.compile_graph"), telemetry.span("compile.execute"):
        print("ready", flush=True)
        sys.stdin.read()
""")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A runner in a folder of its own, where the signing key would be made."""
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def packed(run: CliRunner, journals: Path, *options: str) -> Result:
    """Pack a folder of journals into `b.tar.gz`."""
    return run.invoke(app, ["pack", "--journal", str(journals), "-o", "b.tar.gz", *options])


def test_pack_verify_replay(run: CliRunner, journals: Path, tmp_path: Path) -> None:
    """One after the other: a signed bundle, which passes, arrives whole, and arrives once."""
    done = packed(run, journals)
    assert done.exit_code == 0, done.output
    assert f"died  {SPANS} spans, {LOGS} log records, 1 recovered" in done.output
    assert "looked for secrets in" in done.output
    assert "signed" in done.output
    assert "nothing was waiting" not in done.output
    key = open_key(tmp_path / ".telemetry" / "signing_key.pem")
    (tmp_path / "key.pem").write_text(public_text(key))
    done = run.invoke(app, ["verify", "b.tar.gz", "--public-key", "key.pem"])
    assert (done.exit_code, "as it was packed, signed by" in done.output) == (0, True)
    with Collector() as collector:
        for sent in (4, 0):
            done = run.invoke(app, ["replay", "b.tar.gz", "--endpoint", collector.url])
            assert done.exit_code == 0, done.output
            assert f"{sent} requests sent; it has {SPANS + 1} spans, {LOGS} log records" in done.output
        assert set(collector.spans.values()) == {1}


def test_the_date_is_of_the_environment(run: CliRunner, journals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With SOURCE_DATE_EPOCH set, two bundles of a folder are the same bytes."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
    packed(run, journals)
    first = Path("b.tar.gz").read_bytes()
    packed(run, journals)
    assert Path("b.tar.gz").read_bytes() == first
    assert json.loads(members(Path("b.tar.gz"))["manifest.json"])["created"] == 1234567890


def test_json(run: CliRunner, journals: Path) -> None:
    """Both say in JSON what a program needs to know."""
    manifest = json.loads(packed(run, journals, "--json", "--unsigned").stdout)
    assert manifest["totals"]["pending"] == SPANS
    verified = json.loads(run.invoke(app, ["verify", "b.tar.gz", "--json"]).stdout)
    assert (verified["passed"], verified["signer"], verified["trusted"]) == (True, "", False)
    assert [each["rule"] for each in verified["findings"]] == ["signature"]


def test_a_bundle_of_nothing_says_so(run: CliRunner, tmp_path: Path) -> None:
    """Where nothing was waiting a line says so, for no process as for one whose records were shipped; nothing fails."""
    folder = tmp_path / "shipped"
    folder.mkdir(mode=0o700)
    Folder.open(folder)
    for _ in range(2):
        done = packed(run, folder)
        assert done.exit_code == 0
        assert done.output.count("nothing was waiting") == 1
        assert packed(run, folder, "--json").stdout.startswith("{")
        Journal(folder / "1-1-3e8.journal").close()
    assert "died  0 spans, 0 log records" in done.output


def test_one_is_no_plural(run: CliRunner, tmp_path: Path) -> None:
    """A single span is `1 span`, wherever it is counted."""
    folder = tmp_path / "single"
    folder.mkdir(mode=0o700)
    journal = Journal(folder / "1-1-3e8.journal")
    journal.span(record(1))
    journal.close()
    assert "died  1 span, 0 log records, 0 recovered" in packed(run, folder).output
    with Collector() as collector:
        done = run.invoke(app, ["replay", "b.tar.gz", "--endpoint", collector.url])
    assert "1 request sent; it has 1 span, 0 log records, 0 metrics" in done.output


def test_a_changed_bundle_fails(run: CliRunner, journals: Path) -> None:
    """A bundle that was changed gives exit code 1, in words and in JSON, and is not replayed."""
    packed(run, journals)
    Path("b.tar.gz").write_bytes(Path("b.tar.gz").read_bytes()[:-20])
    done = run.invoke(app, ["verify", "b.tar.gz"])
    assert done.exit_code == 1
    assert "error  b.tar.gz  it ends too early" in done.output
    assert "NOT as it was packed" in done.output
    assert run.invoke(app, ["verify", "b.tar.gz", "--json"]).exit_code == 1
    done = run.invoke(app, ["replay", "b.tar.gz", "--otlp-json", "-"])
    assert done.exit_code == 1
    assert "it ends too early" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "nowhere.tar.gz"], "there is no such file"),
        (["replay", "nowhere.tar.gz", "--otlp-json", "-"], "there is no such file"),
        (["replay", "b.tar.gz"], "say where to"),
        (["replay", "b.tar.gz", "--endpoint", "ftp://x"], "is not an HTTP URL"),
        (["verify", "b.tar.gz", "--public-key", "b.tar.gz"], "is no public key"),
        (["verify", "b.tar.gz", "--public-key", "nowhere"], "No such file"),
        (["replay", "b.tar.gz", "--prometheus", "nowhere/x"], "No such file"),
        (["pack", "--journal", "nowhere"], "there is no journal"),
        (["pack", "--journal", "journals", "--registry", "nowhere.json"], "cannot be read"),
    ],
)
def test_wrong_arguments(run: CliRunner, journals: Path, arguments: list[str], said: str) -> None:
    """What is asked wrongly gives exit code 2 and one sentence."""
    packed(run, journals)
    done = run.invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_missing_logs_and_artefacts_are_named(run: CliRunner, journals: Path) -> None:
    """A file or store that is not there fails with its name, and leaves no bundle."""
    for option in ("--logs", "--artefacts"):
        done = packed(run, journals, option, "nowhere")
        assert done.exit_code == 1
        assert "nowhere" in done.output
        assert not Path("b.tar.gz").exists()


def test_logs_are_cleaned_by_the_rules_of_the_logs(run: CliRunner, journals: Path) -> None:
    """A line of JSON loses its secrets field by field, and stays JSON; text loses what looks like a secret."""
    lines = [
        '{"event": "ok",  "n": 1}',
        '{"event":"x","password":"hunter2"}',
        "curl -H 'Authorization: Bearer abcdef123'",
    ]
    Path("app.log").write_text("\n".join(lines) + "\n")
    assert "in 3 log lines: 2 cleaned" in packed(run, journals, "--logs", "app.log").output
    kept = members(Path("b.tar.gz"))["logs/0000-app.log"].decode().splitlines()
    assert kept[0] == lines[0]
    assert json.loads(kept[1]) == {"event": "x", "password": "[redacted]"}
    assert "abcdef123" not in kept[2]


def test_a_secret_in_the_journal_stops_the_packing(run: CliRunner, tmp_path: Path) -> None:
    """A value that reached a journal unredacted, here through a program of somebody else, is named and not packed."""
    folder = tmp_path / "other"
    folder.mkdir(mode=0o700)
    journal = Journal(folder / "1-1-3e8.journal")
    journal.span(record(1, url="https://ci:hunter2@registry.example/v2"))
    journal.close()
    done = packed(run, folder)
    assert done.exit_code == 1
    assert "'url'" in done.output
    assert "hunter2" not in done.output
    assert packed(run, folder, "--keep-found").exit_code == 0


def test_to_the_standard_output(run: CliRunner, journals: Path) -> None:
    """`-` writes to the standard output, and nothing else stands there."""
    packed(run, journals)
    text = run.invoke(app, ["replay", "b.tar.gz", "--prometheus", "-"]).stdout
    assert text.startswith("# HELP")
    assert text.endswith("# EOF\n")
    lines = run.invoke(app, ["replay", "b.tar.gz", "--otlp-json", "-"]).stdout.splitlines()
    assert {next(iter(json.loads(line))) for line in lines} == {"resourceSpans", "resourceLogs", "resourceMetrics"}


def test_a_killed_run_arrives_elsewhere(run: CliRunner, tmp_path: Path) -> None:
    """A run is killed by SIGKILL in a stage, packed, verified and replayed twice: every span arrives once.

    The open ones arrive closed, the log records with their spans, the counter exact, and no secret.
    """
    folder = tmp_path / "killed"
    with (
        (tmp_path / "app.jsonl").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    done = packed(run, folder, "--logs", "app.jsonl")
    assert done.exit_code == 0, done.output
    assert "died  500 spans, 250 log records, 2 recovered" in done.output
    assert b"hunter2" not in b"".join(members(Path("b.tar.gz")).values())
    assert run.invoke(app, ["verify", "b.tar.gz"]).exit_code == 0
    lines = Path("app.jsonl").read_text().splitlines()
    printed = [json.loads(line) for line in lines if line.startswith("{")]
    with Collector() as collector:
        assert run.invoke(app, ["replay", "b.tar.gz", "--endpoint", collector.url]).exit_code == 0
        assert run.invoke(app, ["replay", "b.tar.gz", "--endpoint", collector.url]).exit_code == 0
        assert len(collector.spans) == 502
        assert set(collector.spans.values()) == {1}
        named = Counter(span.name for span in collector.intake.span.values())
        assert named == {"codegen.lower": 250, "spec.parse": 250, "plan.compile_graph": 1, "compile.execute": 1}
        assert {log.span_id.hex() for log in collector.logs} == {line["span_id"] for line in printed}
        assert len(collector.logs) == 250
        (point,) = collector.metrics["compile_success_total"].sum.data_points
        assert point.as_double == 250.0
        (inner,) = (span for span in collector.intake.span.values() if span.name == "compile.execute")
        assert collector.intake.span[inner.parent_span_id.hex()].name == "plan.compile_graph"
        assert inner.status.code == 2
