"""Divide the spans of a process into lanes, in which each span is beside or inside every other.

Formats that draw one stack a thread need that. Threads that a span names (`thread.id`, `thread.name` of OpenTelemetry's
conventions) have lanes of their own; where spans of one thread overlap, as tasks do, there are several.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import final

from .recording import Span

_Key = tuple[str, str]


@final
@dataclass(slots=True, eq=False)
class Lane:
    """Spans that nest, in the order of their starts, the longer one first.

    Attributes:
        name: The thread, or what stands for it.
    """

    name: str
    process: int
    spans: list[Span] = field(default_factory=list)
    _open: list[Span] = field(default_factory=list)

    def takes(self, span: Span, own: Container[_Key]) -> bool:
        """Add a span where it fits: where nothing is going on, or in its parent, or in what its trace does there.

        Args:
            span: The spans must come by their start.
            own: The spans of the process; who has none of them for a parent was called from elsewhere.
        """
        while self._open and self._open[-1].end_ns <= span.start_ns:
            self._open.pop()
        if self._open:
            around = self._open[-1]
            is_inside = around.trace_id == span.trace_id and span.end_ns <= around.end_ns
            is_called = span.parent_id == around.span_id or (span.trace_id, span.parent_id) not in own
            if not (is_inside and is_called):
                return False
        self._open.append(span)
        self.spans.append(span)
        return True


def lanes_of(spans: Sequence[Span]) -> list[Lane]:
    """Give the lanes of all processes, process by process."""
    own: dict[int, set[_Key]] = {}
    for span in spans:
        own.setdefault(span.process, set()).add((span.trace_id, span.span_id))
    groups: dict[tuple[int, str], list[Lane]] = {}
    homes: dict[_Key, Lane] = {}
    for span in sorted(spans, key=_position):
        key = (span.process, _thread(span))
        lanes = groups.setdefault(key, [])
        home = homes.get((span.trace_id, span.parent_id))
        likely = [home, *lanes] if home in lanes else lanes
        lane = next((each for each in likely if each is not None and each.takes(span, own[span.process])), None)
        if lane is None:
            lane = Lane(_name(key[1], len(lanes)), span.process)
            lane.takes(span, own[span.process])
            lanes.append(lane)
        homes[span.trace_id, span.span_id] = lane
    return [lane for key in sorted(groups) for lane in groups[key]]


def _thread(span: Span) -> str:
    return str(span.attributes.get("thread.name") or span.attributes.get("thread.id") or "")


def _name(thread: str, number: int) -> str:
    if thread:
        return f"thread {thread}" + (f" ({number + 1})" if number else "")
    return f"lane {number + 1}"


def _position(span: Span) -> tuple[int, int, str]:
    return span.start_ns, -span.end_ns, span.span_id
