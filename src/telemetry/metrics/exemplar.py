"""Exemplars: the last observation of each bucket that was made inside a sampled span.

The trace-based filter of OpenTelemetry's Metrics SDK, with a reservoir of one for each bucket.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from time import time_ns
from typing import Any, final

from telemetry._hotpath import clean, current_span
from telemetry.signals import Exemplar

SAMPLED = 1


@final
class Exemplars:
    """Those of one series; a counter has one bucket."""

    __slots__ = ("_bounds", "_last")

    def __init__(self, bounds: Sequence[float] = ()) -> None:
        self._bounds = bounds
        self._last: dict[int, Exemplar] = {}

    def offer(self, value: float, context: Any, attributes: Mapping[str, Any] | None = None) -> None:
        """Keep an observation, if the span that it is made in is sampled; `attributes` are what its series lacks."""
        span = current_span(context)
        if span is None or not span.trace_flags & SAMPLED:
            return
        kept = {name: each for name, given in (attributes or {}).items() if (each := clean(given)) is not None}
        bucket = bisect_left(self._bounds, value)
        self._last[bucket] = Exemplar(value, time_ns(), span.trace_id, span.span_id, kept)

    def kept(self) -> tuple[Exemplar, ...]:
        """Give them in the order of the buckets."""
        return tuple(exemplar for _, exemplar in sorted(self._last.items()))

    def clear(self) -> None:
        """Forget them, in a forked child."""
        self._last.clear()
