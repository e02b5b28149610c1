"""ddtrace: its tracer as it is, with a stand-in for the agent on 127.0.0.1."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.peers import DATADOG
from tests.soak.orders import Orders
from tests.soak.recorders import INNER, OUTER


class Datadog:
    """Records through ddtrace's tracer."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    @contextmanager
    def outer(self) -> Iterator[int]:
        """Open a span for a block, and give its id."""
        with self._tracer.trace(OUTER) as span:
            yield span.span_id

    def one(self, inside: Callable[[], object]) -> int:
        """Record one span around a call."""
        with self._tracer.trace(INNER, resource="c-gcc") as span:
            inside()
        span_id: int = span.span_id
        return span_id


def open_recorder(orders: Orders) -> Datadog:
    """Take the tracer of the process."""
    os.environ.update(DATADOG, DD_TRACE_AGENT_URL=orders.endpoint)
    from ddtrace.trace import tracer  # type: ignore[import-not-found,unused-ignore]

    return Datadog(tracer)
