"""logfire: sending nothing to its own service, but to an OTLP collector, as it documents for other backends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.soak.orders import Orders
from tests.soak.recorders import INNER, OUTER


class Logfire:
    """Records through logfire's own interface."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @contextmanager
    def outer(self) -> Iterator[int]:
        """Open a span for a block, and give its id."""
        with self._client.span(OUTER) as span:
            yield span.context.span_id

    def one(self, inside: Callable[[], object]) -> int:
        """Record one span around a call."""
        with self._client.span(INNER, backend="c-gcc") as span:
            inside()
        span_id: int = span.context.span_id
        return span_id


def open_recorder(orders: Orders) -> Logfire:
    """Configure the process."""
    os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{orders.endpoint}/v1/traces"
    import logfire  # type: ignore[import-not-found,unused-ignore]

    return Logfire(logfire.configure(send_to_logfire=False, console=False, metrics=False, inspect_arguments=False))
