"""This project's: a journal, and an endpoint where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.soak.orders import Orders
from tests.soak.recorders import INNER, OUTER, RUN

import telemetry


@telemetry.instrument_span(
    INNER, capture={"backend.name": "backend", "operator.name": "operator", "clause.id": "clause"}
)
def _lower(backend: str, operator: str, clause: str, inside: Callable[[], object]) -> int:
    inside()
    span: Any = telemetry.current_span()
    return span.span_id if getattr(span, "name", "") == INNER else 0


class Ours:
    """Records through the public decorators."""

    @contextmanager
    def outer(self) -> Iterator[int]:
        """Open a span for a block, and give its id."""
        with telemetry.span(OUTER, attributes=RUN) as span:
            yield span.span_id

    def one(self, inside: Callable[[], object]) -> int:
        """Record one span around a call; 0 where recording has ended, so that the current span is the long one."""
        return _lower("c-gcc", "clamp", "9f86d081884c7d65", inside)


def open_recorder(orders: Orders) -> Ours:
    """Configure the process."""
    settings: dict[str, Any] = {"journal": orders.journal or None, "endpoint": orders.endpoint or None}
    telemetry.configure("soak", **settings)
    return Ours()
