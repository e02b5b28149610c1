"""Divide the spans of a process into lanes, in which each span is beside or inside every other.

Formats that draw one stack a thread need that. Threads that a span names (`thread.id`, `thread.name` of OpenTelemetry's
conventions) have lanes of their own; where spans of one thread overlap, as tasks do, there are several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import final

from .recording import Span


@final
@dataclass(slots=True)
class Lane:
    """Spans that nest, in the order of their starts, the longer one first.

    Attributes:
        name: The thread, or what stands for it.
    """

    name: str
    process: int
    spans: list[Span] = field(default_factory=list)
    _open: list[int] = field(default_factory=list)

    def takes(self, span: Span) -> bool:
        """Add a span where it fits; the spans must come by their start."""
        while self._open and self._open[-1] <= span.start_ns:
            self._open.pop()
        if self._open and self._open[-1] < span.end_ns:
            return False
        self._open.append(span.end_ns)
        self.spans.append(span)
        return True


def lanes_of(spans: Iterable[Span]) -> list[Lane]:
    """Give the lanes of all processes, process by process."""
    groups: dict[tuple[int, str], list[Lane]] = {}
    for span in sorted(spans, key=_position):
        key = (span.process, _thread(span))
        lanes = groups.setdefault(key, [])
        if not any(lane.takes(span) for lane in _likely(lanes, span)):
            lanes.append(Lane(_name(key[1], len(lanes)), span.process))
            lanes[-1].takes(span)
    return [lane for key in sorted(groups) for lane in groups[key]]


def _likely(lanes: Sequence[Lane], span: Span) -> Iterator[Lane]:
    """Give the lane of the span around first, for what is inside one span belongs below it."""
    around = [lane for lane in lanes if lane.spans and lane.spans[-1].span_id == span.parent_id]
    yield from around
    yield from (lane for lane in lanes if lane not in around)


def _thread(span: Span) -> str:
    return str(span.attributes.get("thread.name") or span.attributes.get("thread.id") or "")


def _name(thread: str, number: int) -> str:
    if thread:
        return f"thread {thread}" + (f" ({number + 1})" if number else "")
    return f"lane {number + 1}"


def _position(span: Span) -> tuple[int, int, str]:
    return span.start_ns, -span.end_ns, span.span_id
