"""The names, labels and sums of what telemetry measures of itself, from counts that are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.semconv._incubating.metrics import otel_metrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from telemetry._hotpath import extent
from telemetry.contracts import load_registry, shipped_packs
from telemetry.export import openmetrics_text, prometheus_text
from telemetry.export.points import as_metrics_data
from telemetry.metrics.contracted import contract_of
from telemetry.metrics.wanted import Wanted
from telemetry.runtime.signs import Exports, Queue, Sign, exported, families, pending, queued, recorded
from telemetry.signals import Distribution, Family, Scope

LIVE = 4
COUNTS = {
    "started": 100,
    "sampled_out": 7,
    "torn_count": 1,
    "abandoned": 2,
    "spans_overwritten": 10,
    "spans_too_large": 3,
    "spans_torn": 1,
    "spans_corrupt": 1,
    "spans_shipped": 50,
    "spans_refused": 8,
    "logs_written": 30,
    "logs_too_large": 1,
    "logs_overwritten": 4,
    "logs_shipped": 20,
    "logs_refused": 0,
}
QUEUE = Queue(bytes=4000, limit_bytes=1 << 20, record_bytes=200.0, lag_ms=12.5)
EXPORTS = Exports(
    "otlp_http",
    {"span": 16},
    {("span", ""): Distribution((1,) + (0,) * 13, 0.004), ("span", "refused"): Distribution((0,) * 13 + (1,), 70.0)},
)
CONTRACTS = load_registry(packs=["telemetry"]).metrics


def signs() -> Iterator[Sign]:
    """Give all signs of the counts."""
    return chain(recorded(COUNTS, LIVE), queued(COUNTS, LIVE, QUEUE), exported(COUNTS, EXPORTS))


@pytest.fixture
def shown() -> list[Family]:
    """The families of the counts."""
    return families(signs(), {"environment": "staging"}, 1, 2)


def conventions() -> dict[str, tuple[str, str]]:
    """Give what OpenTelemetry's own package makes of each SDK metric: by name the kind and the unit."""
    made: dict[str, tuple[str, str]] = {}

    class Meter:
        """Writes down what it is asked for."""

        def __getattr__(self, kind: str) -> Any:
            return lambda name, description="", unit="": made.__setitem__(name, (kind.removeprefix("create_"), unit))

    for name in dir(otel_metrics):
        if name.startswith("create_otel_sdk_"):
            getattr(otel_metrics, name)(Meter())
    return made


def test_names_kinds_and_units_are_opentelemetrys(shown: list[Family]) -> None:
    """OTLP carries the name, the kind and the unit that the semantic conventions give each metric."""
    known = conventions()
    kinds = {"counter": "counter", "gauge": "up_down_counter", "histogram": "histogram"}
    ours = {family.convention: (kinds[family.kind], family.unit) for family in shown if family.convention}
    assert len(ours) == 14
    assert ours == {name: known[name] for name in ours}


def test_prometheus_names_follow_the_rules(shown: list[Family]) -> None:
    """A name in the scrape is the one under which an instrument with the convention's name would be found."""
    registry = load_registry(packs=["telemetry"])
    scope = Scope("any")
    kinds: Mapping[str, Any] = {"counter": "counter", "gauge": "up_down_counter", "histogram": "histogram"}
    for family in shown:
        if family.convention:
            contract = contract_of(Wanted(scope, family.convention, kinds[family.kind], family.unit), registry)
            assert contract is not None
            assert contract.name == family.name


def test_each_metric_of_the_pack_can_be_shown(shown: list[Family]) -> None:
    """What the pack declares is what is measured: all but the cost and what overflowed, which no journal counts."""
    cost = {name for name in CONTRACTS if name.startswith(("telemetry_overhead_", "telemetry_overflow_"))}
    assert {family.name for family in shown} | cost == set(CONTRACTS)
    assert not {family.name for family in shown} & cost


def test_labels_are_those_of_the_contracts(shown: list[Family]) -> None:
    """Every series has the labels of its contract, and closed ones have allowed values."""
    for family in shown:
        contract = CONTRACTS[family.name]
        assert family.labels == contract.labels
        for series in family.series:
            for label, value in zip(family.labels, series.labels, strict=True):
                assert not contract.values.get(label) or value in contract.values[label]


def test_the_ledger_balances(shown: list[Family]) -> None:
    """What began is live, waits, or left the queue: the series add up to the number of started spans."""
    values: dict[str, list[Any]] = {family.convention: [each.value for each in family.series] for family in shown}
    processed, (waiting,) = values["otel.sdk.processor.span.processed"], values["otel.sdk.processor.span.queue.size"]
    assert sum(processed) + waiting + LIVE == COUNTS["started"]
    assert pending("log", COUNTS, LIVE) == 31 - 1 - 4 - 20


def test_drops_have_their_reasons(shown: list[Family]) -> None:
    """Each kind of loss is a series of its own, `queue_full` as the conventions ask; what is nought is not shown."""
    (family,) = [family for family in shown if family.convention == "otel.sdk.processor.span.processed"]
    found = {each.origin.attributes.get("error.type"): each.value for each in family.series if each.origin}
    assert found == {None: 58, "queue_full": 10, "too_large": 3, "torn": 2, "corrupt": 1, "abandoned": 2}
    (logs,) = [family for family in shown if family.convention == "otel.sdk.processor.log.processed"]
    assert [each.value for each in logs.series] == [20, 4, 1]


def test_text_formats_read_back(shown: list[Family]) -> None:
    """Both formats parse, and counters are counters in OpenMetrics."""
    text, openmetrics = prometheus_text(shown).decode(), openmetrics_text(shown).decode()
    assert {family.name.removesuffix("_total") for family in shown} == {each.name for each in parse_text(text)}
    types = {each.name: each.type for each in parse_openmetrics(openmetrics)}  # type: ignore[no-untyped-call]
    assert types["otel_sdk_span_started"] == "counter"
    assert types["otel_sdk_exporter_operation_duration_seconds"] == "histogram"
    assert "unknown" not in types.values()
    assert 'telemetry_stream_lag_ms{environment="staging"} 12.5\n' in text
    assert 'otel_sdk_span_started_total{otel_span_sampling_result="DROP"} 7.0\n' in text


def test_otlp_has_attributes_with_dots(shown: list[Family]) -> None:
    """OTLP has the conventions' attributes, sums that may fall for what goes up and down, and our names beside."""
    data = encode_metrics(as_metrics_data(shown, Resource({}), InstrumentationScope("x")))
    metrics = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    live = metrics["otel.sdk.span.live"]
    assert (live.unit, live.sum.is_monotonic) == ("{span}", False)
    assert metrics["otel.sdk.span.started"].sum.is_monotonic
    (point, refused) = metrics["otel.sdk.exporter.operation.duration"].histogram.data_points
    attributes = {each.key: each.value.string_value for each in refused.attributes}
    assert attributes["otel.component.type"] == "otlp_http_span_exporter"
    assert attributes["error.type"] == "refused"
    assert "error.type" not in {each.key for each in point.attributes}
    assert metrics["telemetry_stream_lag_ms"].gauge.data_points[0].as_double == 12.5


def test_the_pack_is_chosen_by_name_only() -> None:
    """No registry has the pack that did not ask for it; who asks gets it, beside any other."""
    assert "telemetry" not in shipped_packs()
    assert not CONTRACTS.keys() & load_registry().metrics.keys()
    both = load_registry(packs=["pipeline", "telemetry"])
    assert CONTRACTS.keys() <= both.metrics.keys()
    assert both.packs == ("pipeline", "telemetry")


def test_counts_are_words_of_the_journal() -> None:
    """Every count that signs are made of is a word of the layout, so that any reader of a journal can show them."""
    assert all(isinstance(getattr(extent, name.upper()), int) for name in COUNTS)
