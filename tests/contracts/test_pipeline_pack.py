"""The pack of the pipeline: nine metrics, the spans of six stages and their root, and the events of the logs."""

from __future__ import annotations

import pytest

from telemetry.contracts import AMBIENT_LABELS, MetricContract, load_registry, shipped_packs

PACK = load_registry()
SECONDS_TO_MINUTES = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
MILLISECONDS_TO_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

METRICS = {
    "pipeline_latency_seconds": ("histogram", "seconds", "pipeline", "backend environment host_region", "merge"),
    "lowering_duration_seconds": ("histogram", "seconds", "pipeline", "backend operator maturity environment", "merge"),
    "compile_success_total": ("counter", "count", "pipeline", "backend environment host_region", "sum"),
    "compile_failure_total": ("counter", "count", "pipeline", "backend environment host_region error_code", "sum"),
    "verification_block_rate": ("gauge", "ratio", "verification", "backend environment", "last"),
    "offline_bundle_size_bytes": ("summary", "bytes", "packaging", "target revision environment", "merge"),
    "backend_missing_binaries": ("gauge", "binaries", "pipeline", "backend environment", "max"),
    "backend_maturity": ("gauge", "backends", "pipeline", "maturity environment", "last"),
    "verification_total": ("counter", "count", "verification", "backend environment outcome", "sum"),
}

ENUMERATIONS = {
    "environment": "online offline development staging production",
    "env": "development staging production",
    "workspace_tier": "free team enterprise",
    "severity": "critical high medium low",
    "maturity": "experimental beta stable deprecated",
    "parser_id": "python go javascript typescript rust java c cpp sql yaml",
    "language": "python go javascript typescript rust java c cpp sql yaml",
    "ci_job": "lint unit integration e2e benchmark package release",
    "error_code": "syntax schema unsupported timeout toolchain_missing toolchain_failed out_of_memory io internal",
    "priority_tier": "p0 p1 p2",
    "risk_level": "low medium high",
    "outcome": "success failure passed blocked timeout cancelled",
    "status": "success failure verified incomplete blocked",
    "status_class": "2xx 3xx 4xx 5xx",
    "state": "idle active waiting open review merged failed",
    "framework": "pytest junit",
    "gen_ai_token_type": "input output",
}

REQUIRED = {
    "pipeline.run": {
        "cicd.pipeline.name": "always",
        "cicd.pipeline.run.id": "always",
        "cicd.pipeline.result": "on_success",
    },
    "spec.parse": {},
    "plan.compile_graph": {},
    "codegen.lower": {"backend.name": "always", "operator.name": "always", "clause.id": "always"},
    "compile.execute": {
        "backend.name": "always",
        "toolchain.binary": "on_success",
        "toolchain.exit_status": "on_success",
    },
    "verify.run": {"provenance.id": "on_success"},
    "distribute.package": {"target": "always", "revision": "always", "size_bytes": "on_success"},
}


def shape(metric: MetricContract) -> tuple[str, str, str, str, str]:
    """Give what is compared of a metric."""
    return (metric.kind, metric.unit, metric.owner, " ".join(metric.labels), metric.across)


def test_the_pack_ships() -> None:
    """It comes with the package and is loaded by default."""
    assert "pipeline" in shipped_packs()
    assert "pipeline" in PACK.packs


def test_metrics() -> None:
    """Kinds, units, owners, labels in order, and how processes add up."""
    assert {name: shape(metric) for name, metric in PACK.metrics.items()} == METRICS


def test_buckets_quantiles_and_ranges() -> None:
    """Histograms have their buckets, the summary its quantiles, the ratio its range; nothing else has any."""
    bounds = {name: metric.bounds for name, metric in PACK.metrics.items() if metric.bounds}
    assert bounds == {
        "pipeline_latency_seconds": SECONDS_TO_MINUTES,
        "lowering_duration_seconds": MILLISECONDS_TO_SECONDS,
    }
    quantiles = {name: metric.quantiles for name, metric in PACK.metrics.items() if metric.quantiles}
    assert quantiles == {"offline_bundle_size_bytes": (0.5, 0.9, 0.99)}
    ranges = {name: metric.range for name, metric in PACK.metrics.items() if metric.range}
    assert ranges == {"verification_block_rate": (0, 1)}


def test_the_block_rate_is_derived() -> None:
    """The share of blocked artefacts follows from the counter of verdicts, over five minutes."""
    share = PACK.metric("verification_block_rate").share
    assert share is not None
    assert (share.metric, share.label, share.value, share.interval_seconds) == (
        "verification_total", "outcome", "blocked", 300,
    )  # fmt: skip


def test_no_rule_is_waived() -> None:
    """The pack keeps all rules of naming, and each text is there for people."""
    for metric in PACK.metrics.values():
        assert (metric.waive, metric.stability) == ({}, "stable")
        assert metric.description.endswith(".")


def test_enumerations() -> None:
    """The closed labels, with their values."""
    assert {label: " ".join(values) for label, values in PACK.enumerations.items()} == ENUMERATIONS


@pytest.mark.parametrize("label", ["backend", "operator", "host_region", "target", "revision"])
def test_open_labels(label: str) -> None:
    """These take any name, and are bounded by the cardinality limit."""
    assert label not in PACK.enumerations


def test_ambient_labels_are_closed_as_the_settings_are() -> None:
    """Settings can only give values that the labels take."""
    from typing import get_args

    from telemetry import config

    assert set(PACK.enumerations["environment"]) == set(get_args(config.Environment))
    assert set(PACK.enumerations["workspace_tier"]) == set(get_args(config.WorkspaceTier))
    assert "host_region" in AMBIENT_LABELS
    assert PACK.attributes["host.kind"].values == set(get_args(config.HostKind))
    assert PACK.fields["env"].values == set(get_args(config.Environment))


def test_error_codes_are_those_of_the_errors() -> None:
    """Whatever this package raises in a pipeline has a code that the label takes."""
    from telemetry.errors import PipelineError, UnsupportedError

    assert {PipelineError.code, UnsupportedError.code} <= set(PACK.enumerations["error_code"])
    assert PACK.attributes["error.code"].values == set(PACK.enumerations["error_code"])


@pytest.mark.parametrize(
    ("environment", "limit"), [("staging", 50), ("production", 200), ("development", 200), ("offline", 200)]
)
def test_cardinality(environment: str, limit: int) -> None:
    """Staging is where too many series show up first."""
    assert PACK.cardinality_limit(environment) == limit


def test_what_spans_require() -> None:
    """Each span asks for what its stage knows, also when it fails."""
    required = {
        name: {each.name: each.required for each in span.attributes.values() if each.required != "never"}
        for name, span in PACK.spans.items()
    }
    assert required == REQUIRED


def test_what_all_spans_require() -> None:
    """Any span says where it ran, and a failed one why it failed."""
    required = {each.name: each.required for each in PACK.attributes.values() if each.required != "never"}
    assert required == {"host.kind": "always", "error.code": "on_failure"}


def test_kinds_of_spans() -> None:
    """A run is a server span and its stages are internal (OpenTelemetry, CI/CD spans)."""
    assert {name: span.kind for name, span in PACK.spans.items() if span.kind != "internal"} == {
        "pipeline.run": "server"
    }


@pytest.mark.parametrize(
    ("span", "attribute", "type_name"),
    [
        ("compile.execute", "toolchain.exit_status", "int"),
        ("compile.execute", "toolchain.stdout.sha256", "string"),
        ("compile.execute", "toolchain.stderr.sha256", "string"),
        ("compile.execute", "toolchain.version", "string"),
        ("compile.execute", "toolchain.outputs", "string[]"),
        ("codegen.lower", "lowering.duration_seconds", "double"),
        ("distribute.package", "size_bytes", "int"),
        ("verify.run", "toolchain.stdout.sha256", "string"),
    ],
)
def test_types_of_attributes(span: str, attribute: str, type_name: str) -> None:
    """Numbers are numbers, and several files are an array."""
    assert PACK.span(span).attributes[attribute].type == type_name


@pytest.mark.parametrize(
    "name",
    ["build.cache_hit", "dataset.version", "model.version", "code.function.name", "error.type", "process.exit.code",
     "process.cpu.time.user", "process.memory.max_rss", "cicd.pipeline.task.name", "vcs.ref.head.revision",
     "artifact.hash", "exception.type", "gen_ai.request.model", "thread.id"],
)  # fmt: skip
def test_what_every_span_may_have(name: str) -> None:
    """Common attributes and the families of OpenTelemetry are allowed on any span."""
    assert all(span.allows(name, PACK.attributes) for span in PACK.spans.values())


def test_events_are_named_after_what_happens() -> None:
    """The lines that dashboards and people look for, with their severities."""
    severities = {name: event.severity for name, event in PACK.events.items()}
    assert severities["compile.start"] == severities["compile.end"] == severities["package.end"] == "info"
    assert severities["verify.block"] == "warning"
    assert severities["spec.rejected"] == "error"


def test_run_schema() -> None:
    """Every line has the fields of the run, and may have the ids of a span."""
    required = {each.name for each in PACK.fields.values() if each.required == "always"}
    assert required == {"run_id", "organization_slug", "component", "severity", "env"}
    assert {"trace_id", "span_id", "trace_flags", "timestamp", "event"} <= PACK.fields.keys()
    assert PACK.fields["severity"].values == {"debug", "info", "warning", "error", "critical"}
