"""Tell for log lines without ids whether a span of their process was open."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, final

from telemetry.signals import LogRecord, SpanRecord

_MOST_INTERVALS: Final = 10_000
_MOST_LINES: Final = 1_000


@final
class Presence:
    """When spans of each process were open, and its lines without ids; of both a bounded number.

    Spans and lines may come in any order.
    """

    __slots__ = ("_intervals", "_lines")

    def __init__(self) -> None:
        self._intervals: dict[str, list[tuple[int, int]]] = {}
        self._lines: dict[str, list[tuple[LogRecord, str]]] = {}

    def span(self, process: str, span: SpanRecord) -> None:
        """Take a span; those below another add nothing."""
        intervals = self._intervals.setdefault(process, [])
        is_below = span.parent_span_id is not None and not span.parent_is_remote
        if not is_below and span.start_ns < span.end_ns and len(intervals) < _MOST_INTERVALS:
            intervals.append((span.start_ns, span.end_ns))

    def line(self, process: str, record: LogRecord, example: str) -> None:
        """Take a line."""
        lines = self._lines.setdefault(process, [])
        if not record.trace_id and len(lines) < _MOST_LINES:
            lines.append((record, example))

    def idless(self) -> Iterator[tuple[LogRecord, str]]:
        """Give the lines without ids that were written while a span was open, each with its place."""
        for process, lines in self._lines.items():
            merged = _merged(self._intervals.get(process, []))
            starts = [start for start, _ in merged]
            for record, example in lines:
                at = bisect_right(starts, record.time_ns) - 1
                if at >= 0 and record.time_ns < merged[at][1]:
                    yield record, example


def _merged(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
