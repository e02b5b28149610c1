"""The span limits of OpenTelemetry's specification, from the environment to what is exported."""

from __future__ import annotations

import pytest
from tests.runtime.conftest import Run

PROGRAM = """
    import json, logging, sys
    logging.disable(logging.CRITICAL)
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import Link, SpanContext
    if {ours}:
        import telemetry
        telemetry.configure("specc")
        provider = trace.get_tracer_provider()
    else:
        from opentelemetry.sdk.trace import TracerProvider
        provider = TracerProvider()
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    many = {{f"k{{n}}": "v" * n for n in range(200)}}
    tracer = provider.get_tracer("library")
    with tracer.start_as_current_span("x", attributes=many, links=[Link(SpanContext(1, 2, False), many)] * 3) as span:
        for number in range(200):
            span.add_event(f"e{{number}}", many)
            span.add_link(SpanContext(1, number + 1, True), many)
    (span,) = exporter.get_finished_spans()
    def shape(attributes):
        return [sorted(attributes), max(map(len, attributes.values()), default=0)]
    print(json.dumps([
        shape(span.attributes), span.dropped_attributes, span.dropped_events, span.dropped_links,
        [event.name for event in span.events], [link.context.span_id for link in span.links],
        [[shape(each.attributes), each.dropped_attributes] for each in (*span.events[:1], *span.links[:1])],
    ]))
"""


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_ATTRIBUTE_COUNT_LIMIT": "3"},
        {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "4", "OTEL_ATTRIBUTE_COUNT_LIMIT": "3"},
        {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "2", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "1"},
        {"OTEL_SPAN_EVENT_COUNT_LIMIT": "5", "OTEL_SPAN_LINK_COUNT_LIMIT": "6"},
        {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "7"},
        {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "8"},
        {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "9", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "5"},
        {"OTEL_SPAN_EVENT_COUNT_LIMIT": "0", "OTEL_SPAN_LINK_COUNT_LIMIT": "0", "OTEL_ATTRIBUTE_COUNT_LIMIT": "0"},
    ],
    ids=lambda variables: ",".join(f"{name.removeprefix('OTEL_')}={value}" for name, value in variables.items()),
)
def test_each_variable_limits_as_it_does_in_the_sdk(run: Run, variables: dict[str, str]) -> None:
    """The same program leaves the same span behind, with the same counts of what was dropped."""
    ours = run(PROGRAM.format(ours=True), **variables)
    theirs = run(PROGRAM.format(ours=False), **variables)
    assert ours.status == 0, ours.stderr
    assert ours.said == theirs.said
