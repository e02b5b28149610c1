"""The libraries under test, each set up as its documentation says for production, behind one small interface.

Nothing leaves the machine: all send to 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Protocol

from tests.soak.orders import Orders

RECORDERS = ("ours", "opentelemetry", "logfire", "ddtrace")
OUTER, INNER = "pipeline.run", "codegen.lower"
"""The names of the spans: one that stays open, and those within."""
RUN = {"cicd.pipeline.name": "soak", "cicd.pipeline.run.id": "1"}
"""The attributes of the outer span, by which it is known when it never ends."""


class Recorder(Protocol):
    """What records spans, with whatever library."""

    def outer(self) -> AbstractContextManager[int]:
        """Open a span for a block, and give its id."""

    def one(self, inside: Callable[[], object]) -> int:
        """Record one span around a call; give its id once it has ended."""


def open_recorder(orders: Orders) -> Recorder:
    """Set up the library that the orders name."""
    recorder: Recorder = import_module(f"{__name__}.{orders.recorder}").open_recorder(orders)
    return recorder
