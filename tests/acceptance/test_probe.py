"""The probe as a gate: what it lists, and what each mistake costs."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.conftest import SPECS, Probe

STAGES = (
    "spec.parse",
    "plan.compile_graph",
    "codegen.lower",
    "compile.execute",
    "verify.run",
    "distribute.package",
)
FakeTool = Callable[[str, str], str]


def test_the_six_spans_are_in_one_trace_below_the_run(probe: Probe) -> None:
    """A cycle with gcc lists the six spans in one trace, each a child of the run's root."""
    probed = probe("--backend", "c-gcc")
    assert probed.status == 0, probed.stdout + probed.stderr
    assert probed.report["verdict"] == "passed"
    root = probed.span("pipeline.run")
    assert root["parent_span_id"] is None
    assert len({span["trace_id"] for span in probed.report["spans"]}) == 1
    for name in STAGES:
        assert probed.span(name)["parent_span_id"] == root["span_id"], name
    assert probed.span("codegen.lower")["attributes"]["backend.name"] == "c-gcc"
    assert probed.span("compile.execute")["attributes"]["toolchain.exit_status"] == 0
    assert re.fullmatch("[0-9a-f]{64}", probed.span("verify.run")["attributes"]["provenance.id"])
    assert probed.span("distribute.package")["attributes"]["size_bytes"] > 0


def test_the_pipeline_metrics_have_values(probe: Probe) -> None:
    """Every metric of the pipeline pack that a good cycle records comes out, with the labels of its contract."""
    probed = probe("--backend", "c-gcc")
    ((labels, latency),) = probed.values("pipeline_latency_seconds")
    assert labels == {"backend": "c-gcc", "environment": "development", "host_region": "unknown"}
    assert latency["count"] == 1 and latency["sum"] > 0
    assert {labels["operator"] for labels, _ in probed.values("lowering_duration_seconds")} == {"distance", "middle"}
    assert [value for _, value in probed.values("compile_success_total")] == [2.0]
    outcomes = {labels["outcome"]: value for labels, value in probed.values("verification_total")}
    assert outcomes == {"passed": 2.0, "blocked": 0.0}
    assert [value for _, value in probed.values("verification_block_rate")] == [0.0]
    assert probed.values("offline_bundle_size_bytes")[0][1]["count"] == 1
    assert {labels["backend"] for labels, _ in probed.values("backend_missing_binaries")} >= {"c-gcc", "python"}
    assert {labels["maturity"] for labels, _ in probed.values("backend_maturity")} == {"stable", "beta"}


def test_log_lines_lead_to_their_spans(probe: Probe) -> None:
    """Every log line has the ids of a span that came out, and the events of the run are there."""
    probed = probe("--backend", "c-gcc")
    spans = {(span["trace_id"], span["span_id"]): span["name"] for span in probed.report["spans"]}
    found = {(line["event"], spans[line["trace_id"], line["span_id"]]) for line in probed.report["logs"]}
    assert {("compile.start", "compile.execute"), ("compile.end", "compile.execute")} <= found
    assert ("pipeline.start", "pipeline.run") in found


def test_a_second_run_takes_the_build_from_the_cache(probe: Probe) -> None:
    """`build.cache_hit` is false the first time and true the second, and the package has the same hash."""
    first, second = probe("--backend", "c-gcc"), probe("--backend", "c-gcc")
    hits = [probed.span("compile.execute")["attributes"]["build.cache_hit"] for probed in (first, second)]
    assert hits == [False, True]
    packages = [probed.report["cycles"][0]["package"]["sha256"] for probed in (first, second)]
    assert packages[0] == packages[1]


def test_a_violated_clause_blocks_the_artefact(probe: Probe) -> None:
    """A specification that is wrong is not packaged: `verify.block`, a block rate of 1, exit 1, the counterexample."""
    probed = probe(SPECS / "blocked" / "absolute.spec", "--backend", "c-gcc")
    assert probed.status == 1
    assert probed.rules == {"cycle-blocked"}
    assert "value=-2147483648" in probed.stdout
    assert "verify.block" in {line["event"] for line in probed.report["logs"]}
    assert [value for _, value in probed.values("verification_block_rate")] == [1.0]
    assert "distribute.package" not in {span["name"] for span in probed.report["spans"]}
    assert probe(SPECS / "blocked" / "absolute.spec", "--backend", "c-gcc", "--expect-blocked").status == 0


def test_a_specification_with_an_error_is_named_by_line_and_column(probe: Probe, tmp_path: Path) -> None:
    """A syntax error costs exit 1 with its place, is on the failed span, and does not hide the good specification."""
    bad = tmp_path / "bad.spec"
    bad.write_text("operator x(a: i32) -> i32\n    ensures result == a\n{ return a + ; }\n")
    probed = probe(bad, SPECS / "clamp.spec", "--backend", "c-gcc")
    assert probed.status == 1
    assert "bad.spec:3:14" in probed.stdout
    attributes = probed.span("spec.parse")["attributes"]
    assert (attributes["error.type"], attributes["error.code"]) == ("telemetry.errors.SpecError", "syntax")
    assert [cycle["result"] for cycle in probed.report["cycles"]] == ["failure", "success"]
    assert probed.report["cycles"][1]["package"]["size_bytes"] > 0


def test_a_missing_compiler_is_a_finding_of_its_own(probe: Probe) -> None:
    """Without gcc on the PATH the compile span fails with `toolchain_missing`, which the counter has as its label."""
    probed = probe("--backend", "c-gcc", PATH="/nowhere")
    assert probed.status == 1
    assert probed.rules == {"cycle-toolchain_missing"}
    assert probed.span("compile.execute")["attributes"]["error.code"] == "toolchain_missing"
    ((labels, value),) = probed.values("compile_failure_total")
    assert (labels["error_code"], value) == ("toolchain_missing", 1.0)
    assert "not ready c-gcc: gcc not found" in probed.stdout


def test_without_any_compiler_the_default_still_works(probe: Probe) -> None:
    """On a host with no compiler at all, the probe falls back to the Python backend and passes."""
    probed = probe(PATH="/nowhere")
    assert probed.status == 0, probed.stdout
    assert [cycle["backend"] for cycle in probed.report["cycles"]] == ["python"]


def test_a_compiler_that_fails_shows_its_last_words(probe: Probe, fake_tool: FakeTool) -> None:
    """A compiler that exits with 1 is `toolchain_failed`; its stderr is stored once, and its hash on the span."""
    script = 'case "$1" in --version) echo "gcc 12.2";; *) echo "error: it hurts" >&2; exit 1;; esac'
    probed = probe("--backend", "c-gcc", PATH=fake_tool("gcc", script))
    assert probed.status == 1
    assert probed.rules == {"cycle-toolchain_failed"}
    assert "it hurts" in probed.stdout
    attributes = probed.span("compile.execute")["attributes"]
    assert attributes["toolchain.exit_status"] == 1
    assert re.fullmatch("[0-9a-f]{64}", attributes["toolchain.stderr.sha256"])


def test_a_compiler_that_hangs_is_stopped(probe: Probe, fake_tool: FakeTool) -> None:
    """A compiler that never ends is killed at the time limit, and the failure has the code `timeout`."""
    script = 'case "$1" in --version) echo "gcc 12.2";; *) sleep 600;; esac'
    probed = probe("--backend", "c-gcc", "--timeout", "1", PATH=fake_tool("gcc", script))
    assert probed.status == 1
    assert probed.rules == {"cycle-timeout"}
    assert probed.span("compile.execute")["attributes"]["error.code"] == "timeout"


def test_a_compiler_that_floods_its_output_is_cut_short(probe: Probe, fake_tool: FakeTool) -> None:
    """A hundred megabytes of messages are drained, the first part is kept, and the span says that it was cut."""
    script = 'case "$1" in --version) echo "gcc 12.2";; *) head -c 100000000 /dev/zero; exit 1;; esac'
    probed = probe("--backend", "c-gcc", PATH=fake_tool("gcc", script))
    assert probed.status == 1
    assert probed.span("compile.execute")["attributes"]["toolchain.output.truncated"] is True


def test_an_unknown_backend_and_an_unreadable_registry_are_bad_usage(probe: Probe, tmp_path: Path) -> None:
    """Either costs exit 2 before anything runs, and says what to do."""
    unknown = probe("--backend", "c-gc")
    assert unknown.status == 2
    assert "did you mean `c-gcc`" in unknown.stderr
    registry = tmp_path / "registry.json"
    registry.write_text('{"name": "mine", "metrics": 3}')
    broken = probe(TELEMETRY_REGISTRY=str(registry))
    assert broken.status == 2
    assert "registry.json#/metrics" in broken.stderr


def test_a_port_in_use_is_bad_usage(probe: Probe) -> None:
    """A scrape port that somebody holds costs exit 2 and is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        probed = probe(PROMETHEUS_PORT=str(port))
    assert probed.status == 2
    assert str(port) in probed.stderr


def test_an_endpoint_that_refuses_is_a_finding(probe: Probe) -> None:
    """With an endpoint set and nobody there the gate fails, and still shows everything that was recorded."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    probed = probe("--backend", "c-gcc", TELEMETRY_EXPORTER_ENDPOINT=f"http://127.0.0.1:{port}")
    assert probed.status == 1
    assert "export-failed" in probed.rules
    assert {span["name"] for span in probed.report["spans"]} >= set(STAGES)


def test_a_pipeline_of_the_users_own_is_held_against_the_contracts(probe: Probe, tmp_path: Path) -> None:
    """`--target module:function` runs it once; what the contracts do not allow is found, with the place."""
    (tmp_path / "mine.py").write_text(
        "import telemetry\n"
        "def good():\n"
        "    with telemetry.span('spec.parse'):\n        pass\n"
        "def bad():\n"
        "    with telemetry.span('spec.parse', colour='red'):\n        telemetry.metric('nope').inc()\n"
    )
    assert probe("--target", "mine:good").status == 0
    bad = probe("--target", "mine:bad")
    assert bad.status == 1
    assert bad.rules == {"refused-attribute-refused", "refused-metric-refused"}
    assert "colour" in bad.stdout
    assert probe("--target", "mine:missing").status == 2
