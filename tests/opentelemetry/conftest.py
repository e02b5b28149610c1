"""Fixtures: a recording of its own with the SDK's own in-memory exporter beside it, and programs in fresh processes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.runtime.conftest import run

from telemetry.testing import Recording, isolated

__all__ = ("run",)


class Shown(InMemorySpanExporter):
    """The SDK's exporter, with its spans by name."""

    def __getitem__(self, name: str) -> ReadableSpan:
        return next(span for span in self.get_finished_spans() if span.name == name)

    @property
    def names(self) -> list[str]:
        """The names of the spans, in the order of their ends."""
        return [span.name for span in self.get_finished_spans()]


@pytest.fixture
def recording() -> Iterator[Recording]:
    """Record into memory, with OpenTelemetry's global providers over it."""
    with isolated() as made:
        yield made


@pytest.fixture
def shown(recording: Recording) -> Shown:
    """Plug in the SDK's processor and exporter, as an application does."""
    return plug_in()


def plug_in() -> Shown:
    """Add the SDK's processor with an exporter to the global provider."""
    exporter = Shown()
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))  # type: ignore[attr-defined]
    return exporter
