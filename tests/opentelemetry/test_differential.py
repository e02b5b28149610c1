"""Programs of API calls leave the same spans behind on the SDK's own provider and on ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanLimits as SdkLimits
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.opentelemetry.programs import PROGRAMS, Machine, essence

from telemetry.config import SpanLimits
from telemetry.testing import isolated

FEW = 200
SCOPE = ("library", "1.2")


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    """Keep the SDK from logging each thing that it drops."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def outcome(tracer: trace.Tracer, exporter: InMemorySpanExporter, program: Any) -> Any:
    """Run a program, and give what was exported and what the program saw."""
    exporter.clear()
    machine = Machine(tracer)
    machine.run(program)
    numbers = machine.numbers()
    spans = [essence(span, numbers) for span in exporter.get_finished_spans()]
    return sorted(spans, key=lambda span: span["number"]), machine.observed


def compare(ours: SpanLimits, theirs: SdkLimits, count: int) -> None:
    """Run `count` programs on both, under these limits."""
    expected = InMemorySpanExporter()
    provider = TracerProvider(span_limits=theirs, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(expected))
    reference = provider.get_tracer(*SCOPE)
    with isolated(limits=ours):
        found = InMemorySpanExporter()
        trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(found))  # type: ignore[attr-defined]
        tracer = trace.get_tracer(*SCOPE)

        @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(PROGRAMS)
        def check(program: Any) -> None:
            assert outcome(tracer, found, program) == outcome(reference, expected, program)

        check()


def test_spans_are_those_of_the_sdk() -> None:
    """Name, kind, attributes, events, links, status, parent and drops are equal, and so is what a program sees."""
    compare(SpanLimits(), SdkLimits(), FEW)


def test_spans_are_those_of_the_sdk_within_tight_limits() -> None:
    """Where nearly everything is over a limit, the same is kept, cut and counted."""
    ours = SpanLimits(
        attribute_count=2,
        attribute_value_length=3,
        detail_value_length=2,
        event_count=1,
        link_count=2,
        event_attribute_count=1,
        link_attribute_count=1,
    )
    theirs = SdkLimits(
        max_span_attributes=2,
        max_span_attribute_length=3,
        max_attribute_length=2,
        max_events=1,
        max_links=2,
        max_event_attributes=1,
        max_link_attributes=1,
    )
    compare(ours, theirs, FEW)


def test_spans_are_those_of_the_sdk_when_nothing_is_allowed() -> None:
    """Limits of zero drop and count everything."""
    compare(SpanLimits(0, 0, 0, 0, 0, 0, 0), SdkLimits(0, 0, 0, 0, 0, 0, 0, 0), FEW // 3)
