"""The traces of a recording: which spans belong together, and which is inside which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final, final

from .recording import Recording, Span

_NEAREST: Final = 5
_LEAST_DIGITS: Final = 4


@final
@dataclass(frozen=True, slots=True)
class Trace:
    """One trace.

    Attributes:
        spans: In the order of a walk through the tree, each before what is inside of it, siblings by their start.
        parents: For each of them the index of the one around it, and -1 at a root or where that one is not there.
    """

    trace_id: str
    spans: Sequence[Span]
    parents: Sequence[int]

    @property
    def start_ns(self) -> int:
        """When its first span began."""
        return min(each.start_ns for each in self.spans)

    @property
    def end_ns(self) -> int:
        """When its last span ended."""
        return max(each.end_ns for each in self.spans)


def traces_of(recording: Recording) -> list[Trace]:
    """Give the traces, the one that began first in front."""
    groups: dict[str, list[Span]] = {}
    for span in recording.spans:
        groups.setdefault(span.trace_id, []).append(span)
    return [_trace(trace_id, spans) for trace_id, spans in groups.items()]


def only(recording: Recording, trace_id: str) -> Recording:
    """Give the same recording with one trace, its log records, and the processes and metrics as they are."""
    return replace(
        recording,
        spans=[each for each in recording.spans if each.trace_id == trace_id],
        lines=[each for each in recording.lines if each.trace_id == trace_id],
    )


def named(recording: Recording, wanted: str) -> list[str]:
    """Give the ids of the traces that a text names: one where it is an id or begins only one; else the nearest."""
    text = wanted.strip().lower()
    ids = list(dict.fromkeys(each.trace_id for each in recording.spans))
    if text in ids:
        return [text]
    found = [each for each in ids if len(text) >= _LEAST_DIGITS and each.startswith(text)]
    return found[:_NEAREST] or get_close_matches(text, ids, n=_NEAREST, cutoff=0.0)


def _trace(trace_id: str, spans: list[Span]) -> Trace:
    children: dict[str, list[Span]] = {}
    known = {each.span_id for each in spans}
    for span in spans:
        is_inside = span.parent_id in known and span.parent_id != span.span_id
        children.setdefault(span.parent_id if is_inside else "", []).append(span)
    walked = list(_walk(children))
    if len(walked) < len(spans):  # spans that are inside each other, which no root leads to
        seen = {id(span) for span, _ in walked}
        walked += [(span, -1) for span in spans if id(span) not in seen]
    return Trace(trace_id, [span for span, _ in walked], [parent for _, parent in walked])


def _walk(children: dict[str, list[Span]]) -> Iterator[tuple[Span, int]]:
    """Walk through the tree without recursion, for traces are as deep as somebody likes."""
    waiting = [(span, -1) for span in reversed(children.pop("", []))]
    index = 0
    while waiting:
        span, parent = waiting.pop()
        yield span, parent
        waiting += [(child, index) for child in reversed(children.pop(span.span_id, []))]
        index += 1
