"""Meters and instruments of OpenTelemetry's API: under a contract where there is one, else foreign."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import context as context_api
from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider as SdkProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.runtime.conftest import Run

import telemetry
from telemetry.export import openmetrics_text
from telemetry.signals import Distribution, Family
from telemetry.testing import Recording, isolated

ADVISED = (0.1, 1.0, 10.0)


def use_every_instrument(meter: metrics.Meter) -> None:
    """Record with all seven kinds."""
    counter = meter.create_counter("app.calls", unit="{call}", description="Calls.")
    counter.add(2, {"http.method": "GET", "code": 200})
    counter.add(3, {"code": 200, "http.method": "GET"})
    counter.add(1.5)
    counter.add(-1)
    updown = meter.create_up_down_counter("app.queue")
    updown.add(5)
    updown.add(-2)
    gauge = meter.create_gauge("app.level", unit="By")
    gauge.set(7)
    gauge.set(4)
    histogram = meter.create_histogram("app.wait", "s", explicit_bucket_boundaries_advisory=ADVISED)
    for value in (0.05, 0.1, 3, 1000):
        histogram.record(value, {"a": "b"})
    meter.create_histogram("app.size").record(30)

    def given(_: CallbackOptions) -> Iterator[Observation]:
        yield Observation(1, {"x": "1"})
        yield Observation(2.5)

    def sent() -> Generator[Any, CallbackOptions, None]:
        yield
        while True:
            yield [Observation(9, {"g": True})]

    meter.create_observable_counter("app.seen", [given, sent()])
    meter.create_observable_up_down_counter("app.depth", [given])
    meter.create_observable_gauge("app.heat", [lambda _: [Observation(3)]])


def essence_of_sdk(reader: InMemoryMetricReader) -> dict[str, Any]:
    """Give what the SDK has of each metric."""
    data: Any = reader.get_metrics_data()
    return {
        metric.name: (
            metric.unit,
            metric.description,
            type(metric.data).__name__,
            getattr(metric.data, "is_monotonic", None),
            sorted(
                (
                    sorted((name, value) for name, value in point.attributes.items()),
                    point.value
                    if hasattr(point, "value")
                    else (point.sum, tuple(point.bucket_counts), tuple(point.explicit_bounds)),
                )
                for point in metric.data.data_points
            ),
        )
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
    }


def essence_of_ours(families: Any) -> dict[str, Any]:
    """Give the same of what goes out by OTLP, without the scope that stands among the attributes."""
    from telemetry.export.points import as_metrics_data

    data = as_metrics_data(families, SdkResource({}), InstrumentationScope("x"))
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        for point in metric.data.data_points:
            assert point.attributes.pop("otel.scope.name") == "library"  # type: ignore[union-attr]
            assert point.attributes.pop("otel.scope.version") == "1.2"  # type: ignore[union-attr]

    class Reader:
        def get_metrics_data(self) -> Any:
            return data

    return essence_of_sdk(Reader())  # type: ignore[arg-type]


def test_every_instrument_records_what_it_does_in_the_sdk(recording: Recording) -> None:
    """Names, units, kinds, attributes with their types, values, buckets: as the SDK's own provider has them."""
    reader = InMemoryMetricReader()
    theirs = SdkProvider([reader], shutdown_on_exit=False)
    use_every_instrument(theirs.get_meter("library", "1.2"))
    use_every_instrument(metrics.get_meter("library", "1.2"))
    assert essence_of_ours(recording.runtime.families()) == essence_of_sdk(reader)
    assert recording.losses == {"value_out_of_range": 1}


def test_observed_series_are_those_of_the_last_look(recording: Recording) -> None:
    """Callbacks run at each reading; a series that they no longer give is no longer shown."""
    given = [[Observation(1, {"k": "a"}), Observation(2, {"k": "b"})], [Observation(5, {"k": "b"})]]
    metrics.get_meter("library").create_observable_gauge("looked.at", [lambda _: given.pop(0)])
    assert [each.value for each in recording.metrics["looked.at"].series] == [1, 2]
    (series,) = recording.metrics["looked.at"].series
    assert (series.value, series.labels[0]) == (5, "b")


def test_callbacks_that_fail_cost_only_themselves(recording: Recording) -> None:
    """What a callback raises is counted, and so is a value that is no number; the others are read."""

    def raising(_: CallbackOptions) -> Iterator[Observation]:
        yield Observation(1, {"k": "before"})
        raise RuntimeError("no")

    meter = metrics.get_meter("library")
    callbacks = [raising, lambda _: None, lambda _: [Observation(float("nan")), Observation(2, {"k": "after"})]]
    meter.create_observable_counter("looked.at", callbacks)  # type: ignore[arg-type]
    meter.create_observable_gauge("nested", [lambda _: [Observation(len(recording.runtime.families()))]])
    assert recording.value("looked.at", k="before") == 1
    assert recording.losses == {"callback_failed": 2, "value_out_of_range": 1}
    assert recording.value("looked.at", k="after") == 2


def test_a_metric_of_the_registry_records_under_its_contract(recording: Recording) -> None:
    """Its labels and buckets hold: other attributes are dropped, wrong values are refused, as for our own surface."""
    meter = metrics.get_meter("library")
    meter.create_counter("compile_success_total").add(2, {"backend": "c-gcc", "request.id": "abc"})
    meter.create_counter("compile_success_total").add(1, {})
    own = telemetry.metric("compile_success_total").labels(backend="c-gcc")
    own.inc()
    family = recording.metrics["compile_success_total"]
    assert family.labels == ("backend", "environment", "host_region")
    assert recording.value("compile_success_total", backend="c-gcc") == 3
    assert recording.losses == {"label_missing": 1}


def test_a_duration_in_another_unit_is_converted(recording: Recording) -> None:
    """A histogram in milliseconds records into the seconds of the contract, with the contract's buckets."""
    contract = recording.runtime.registry.metric("lowering_duration_seconds")
    histogram = metrics.get_meter("library").create_histogram("lowering.duration", unit="ms")
    values = {label: sorted(contract.values[label])[0] for label in contract.labels if label in contract.values}
    given = {label: values.get(label, "x") for label in contract.labels if label not in ("environment", "host_region")}
    histogram.record(250, given)
    family = recording.metrics["lowering_duration_seconds"]
    value = family.series[0].value
    assert isinstance(value, Distribution)
    assert (value.count, value.sum) == (1, 0.25)
    assert family.bounds == contract.bounds
    assert "lowering.duration" not in recording.metrics


def test_an_instrument_of_another_kind_than_its_contract_is_refused(recording: Recording) -> None:
    """A gauge cannot stand in for a counter, and a derived gauge is set by nobody."""
    meter = metrics.get_meter("library")
    meter.create_gauge("compile_success_total").set(2)
    meter.create_gauge("verification_block_rate").set(1)
    assert recording.metrics == {}
    assert recording.losses == {"instrument_refused": 2}


def test_observed_values_go_up_under_a_contract(recording: Recording) -> None:
    """An observable counter gives absolute values: the counter of the registry rises by the differences."""
    readings = [3, 5, 1]
    meter = metrics.get_meter("library")
    callback = lambda _: [Observation(readings.pop(0), {"backend": "c-gcc"})]  # noqa: E731
    meter.create_observable_counter("compile_success_total", [callback])
    found = [recording.value("compile_success_total", backend="c-gcc") for _ in range(3)]
    assert found == [3, 5, 6]


def test_foreign_series_have_a_limit_of_their_own(tmp_path: Path) -> None:
    """Past the limit all attributes share one series with OpenTelemetry's overflow attribute."""
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps({"name": "small", "cardinality": {"foreign": 3}}))
    with isolated(registry=registry) as recording:
        counter = metrics.get_meter("library").create_counter("app.calls")
        for number in range(10):
            counter.add(1, {"n": number})
        counter.add(1, {"n": 0})
        family = recording.metrics["app.calls"]
    assert [series.value for series in family.series] == [2, 1, 1, 7]
    assert family.series[-1].origin is not None
    assert family.series[-1].origin.attributes == {"otel.metric.overflow": True}
    assert recording.losses["cardinality_overflow"] == 7


@pytest.mark.parametrize(("policy", "recorded"), [("allow", True), ("count", True), ("refuse", False)])
def test_foreign_metrics_are_recorded_by_policy(tmp_path: Path, policy: str, recorded: bool) -> None:
    """The registry's `foreign` key decides; metrics under a contract are no matter of it."""
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps({"name": "strict", "foreign": policy}))
    looked: list[CallbackOptions] = []

    def heat(options: CallbackOptions) -> list[Observation]:
        looked.append(options)
        return [Observation(1)]

    with isolated(registry=registry) as recording:
        meter = metrics.get_meter("library")
        meter.create_counter("app.calls").add(1)
        meter.create_observable_gauge("app.heat", [heat])
        meter.create_counter("compile_success_total").add(1, {"backend": "c-gcc"})
        names = set(recording.metrics)
    assert names == {"compile_success_total"} | ({"app.calls", "app.heat"} if recorded else set())
    assert bool(looked) == recorded
    expected = {"allow": {}, "count": {"foreign_metric": 2}, "refuse": {"foreign_metric_refused": 2}}
    assert recording.losses == expected[policy]


def test_exemplars_lead_to_the_span(recording: Recording) -> None:
    """The last observation of each bucket inside a sampled span has its ids; others have none."""
    meter = metrics.get_meter("library")
    histogram = meter.create_histogram("app.wait", "s", explicit_bucket_boundaries_advisory=ADVISED)
    tracer = trace.get_tracer("library")
    histogram.record(0.05)
    with telemetry.span("spec.parse") as span:
        histogram.record(0.5)
        histogram.record(0.7)
        meter.create_counter("compile_success_total").add(2, {"backend": "c-gcc", "request": "r1"})
    with tracer.start_as_current_span("api"):
        histogram.record(30)
    context = trace.set_span_in_context(trace.NonRecordingSpan(trace.SpanContext(1, 2, True, trace.TraceFlags(1))))
    histogram.record(31, context=context)
    histogram.record(0.01, context=context_api.Context())
    (series,) = recording.metrics["app.wait"].series
    found = [(each.value, each.trace_id, each.span_id) for each in series.exemplars]
    assert found == [(0.7, span.trace_id, span.span_id), (31, 1, 2)]
    (counted,) = recording.metrics["compile_success_total"].series
    (exemplar,) = counted.exemplars
    assert (exemplar.value, exemplar.span_id, exemplar.attributes) == (2, span.span_id, {"request": "r1"})


def test_exemplars_and_foreign_metrics_are_in_openmetrics(recording: Recording) -> None:
    """prometheus_client's own parser reads them back: labels with the scope, and the exemplar at its bucket."""
    with telemetry.span("spec.parse") as span:
        meter = metrics.get_meter("library", "1.2")
        histogram = meter.create_histogram("app.wait", "s", explicit_bucket_boundaries_advisory=ADVISED)
        histogram.record(0.5, {"http.method": "GET", "http_method": "POST"})
        meter.create_counter("compile_success_total").add(1, {"backend": "c-gcc"})
        metrics.get_meter("other").create_histogram("app.wait", "s").record(0.7)
    text = openmetrics_text(recording.runtime.families()).decode()
    parse: Any = text_string_to_metric_families
    found = {family.name: family for family in parse(text)}
    samples = [sample for sample in found["app_wait"].samples if sample.labels.get("le") == "1.0"]
    mine = {"http_method": "GET;POST", "otel_scope_name": "library", "otel_scope_version": "1.2", "le": "1.0"}
    assert {name: value for name, value in samples[0].labels.items() if value} == mine
    assert samples[0].exemplar is not None
    assert samples[0].exemplar.labels == {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
    assert {sample.labels["otel_scope_name"] for sample in samples} == {"library", "other"}
    assert found["compile_success"].samples[0].exemplar is not None


def test_namesakes_of_another_kind_are_refused(recording: Recording) -> None:
    """Two scopes may share a name, if they mean the same by it: a scrape could not tell them apart."""
    metrics.get_meter("one").create_counter("app.calls").add(1)
    metrics.get_meter("two").create_counter("app.calls").add(2)
    metrics.get_meter("three").create_gauge("app_calls").set(3)
    (family,) = recording.runtime.families()
    assert [series.value for series in family.series] == [1, 2]
    assert recording.losses == {"foreign_metric_refused": 1}


def test_equal_instruments_are_one(recording: Recording) -> None:
    """Asked twice, a meter gives the same instrument, and an observable one is looked at once."""
    meter = metrics.get_meter("library")
    assert meter is metrics.get_meter("library")
    assert meter.create_counter("App.Calls") is meter.create_counter("app.calls")
    looks: list[CallbackOptions] = []

    def heat(options: CallbackOptions) -> list[Observation]:
        looks.append(options)
        return [Observation(1)]

    for _ in range(2):
        meter.create_observable_gauge("app.heat", [heat])
    assert recording.metrics and len(looks) == 1


def test_bad_use_never_raises_into_the_application(recording: Recording) -> None:
    """Names that are none, values that are no numbers and attributes that are no text are refused or cleaned."""
    meter = metrics.get_meter("library")
    meter.create_counter("9 lives").add(1)
    counter = meter.create_counter("app.calls")
    for value in (float("nan"), float("inf"), "1", None, -1):
        counter.add(value, {"k": object})  # type: ignore[arg-type, dict-item]
    meter.create_gauge("app.level").set(float("nan"))
    meter.create_up_down_counter("app.queue").add("x")  # type: ignore[arg-type]
    counter.add(1, {"list": [1, "x"], "none": None, "deep": {"a": 1}, "": "x", 7: 8})  # type: ignore[dict-item]
    assert recording.losses == {"foreign_metric_refused": 1, "value_out_of_range": 7}
    (family,) = [each for each in recording.runtime.families() if each.name == "app.calls"]
    assert isinstance(family, Family) and family.series[-1].value == 1
    openmetrics_text(recording.runtime.families())


def test_a_scrape_has_what_meters_recorded(run: Run) -> None:
    """The endpoint serves foreign metrics, observed ones and those under a contract, each time as they are then."""
    ended = run("""
        import telemetry, urllib.request
        runtime = telemetry.configure("specc", prometheus_port=0)
        from opentelemetry import metrics
        from opentelemetry.metrics import Observation
        meter = metrics.get_meter("library", "1.2")
        readings = iter(range(1, 100))
        meter.create_observable_gauge("app.heat", [lambda _: [Observation(next(readings))]])
        meter.create_observable_counter("compile_success_total", [lambda _: [Observation(7, {"backend": "c-gcc"})]])
        meter.create_counter("app.calls").add(3, {"http.method": "GET"})
        meter.create_histogram("app.wait").record(3)
        telemetry.metric("backend_missing_binaries").labels(backend="c-gcc").set(2)
        for _ in range(3):
            text = urllib.request.urlopen(f"http://127.0.0.1:{runtime.prometheus_port}/metrics").read().decode()
        print(text)
    """)
    assert ended.status == 0, ended.stderr
    samples = dict(line.rsplit(" ", 1) for line in ended.stdout.splitlines() if line and not line.startswith("#"))
    scope = 'otel_scope_name="library",otel_scope_version="1.2"'
    assert samples[f'app_calls{{http_method="GET",{scope}}}'] == "3.0"
    assert samples[f"app_heat{{{scope}}}"] == "3.0"
    assert samples[f"app_wait_count{{{scope}}}"] == "1.0"
    under = [value for name, value in samples.items() if name.startswith("compile_success_total{")]
    assert under == ["7.0"]
    assert any(name.startswith("backend_missing_binaries{") for name in samples)
    assert ended.stderr == ""
