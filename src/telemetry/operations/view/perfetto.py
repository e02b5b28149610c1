"""A recording as Chrome trace JSON, which Perfetto and chrome://tracing load.

Source: "Trace Event Format", the JSON object form. Times are microseconds since the first span. A finished span is a
complete event (`X`); one that was open at death begins (`B`) and has no end, and Perfetto says that it did not finish.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .lanes import Lane, lanes_of
from .recording import Line, Recording, Span

_THREAD: Final = "t"
_MOST_PIDS: Final = 1 << 31
_Places = Mapping[tuple[str, str], tuple[int, int, Span]]


def chrome_trace(recording: Recording) -> bytes:
    """Write a recording as Chrome trace JSON."""
    lanes = lanes_of(recording.spans)
    pids = _pids(recording)
    zero_ns = min((each.start_ns for each in recording.spans), default=0)
    tids = {id(lane): number for number, lane in enumerate(lanes, 1)}
    places = {
        (span.trace_id, span.span_id): (pids[lane.process], tids[id(lane)], span)
        for lane in lanes
        for span in lane.spans
    }
    events = [*_metadata(recording, lanes, pids, tids)]
    for span_place in places.values():
        events += _span(*span_place, zero_ns)
    for line in recording.lines:
        events += _line(line, places, zero_ns)
    events += _flows(places, zero_ns)
    document = {
        "displayTimeUnit": "ms",
        "otherData": {"source": recording.title, "start_unix_ns": str(zero_ns)},
        "traceEvents": events,
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _pids(recording: Recording) -> list[int]:
    """Give each process its own number, or one that nobody has where two are of the same, of two hosts for instance."""
    taken: set[int] = set()
    given = []
    for index, process in enumerate(recording.processes, 1):
        pid = int(process.pid) if process.pid.isdecimal() and len(process.pid) < len(str(_MOST_PIDS)) else index
        while pid in taken:
            pid += 1_000_000
        taken.add(pid)
        given.append(pid)
    return given


def _metadata(
    recording: Recording, lanes: list[Lane], pids: list[int], tids: Mapping[int, int]
) -> Iterator[dict[str, Any]]:
    for index in dict.fromkeys(lane.process for lane in lanes):
        process = recording.processes[index]
        name = f"{process.service or 'process'}{f' ({process.state})' if process.state else ''}"
        yield {"ph": "M", "name": "process_name", "pid": pids[index], "tid": 0, "args": {"name": name}}
        yield {"ph": "M", "name": "process_sort_index", "pid": pids[index], "tid": 0, "args": {"sort_index": index}}
    for lane in lanes:
        place = {"pid": pids[lane.process], "tid": tids[id(lane)]}
        yield {"ph": "M", "name": "thread_name", **place, "args": {"name": lane.name}}


def _span(pid: int, tid: int, span: Span, zero_ns: int) -> Iterator[dict[str, Any]]:
    place = {"pid": pid, "tid": tid}
    event = {"name": span.name, "cat": span.scope or "span", "ts": _micros(span.start_ns - zero_ns), **place}
    arguments = {**span.attributes, "trace_id": span.trace_id, "span_id": span.span_id, "status": span.status}
    if span.parent_id:
        arguments["parent_span_id"] = span.parent_id
    event["args"] = _finite(arguments)
    if span.is_open:
        yield {"ph": "B", **event}
    else:
        yield {"ph": "X", "dur": _micros(span.end_ns - span.start_ns), **event}
    for each in span.events:
        ts = _micros(max(each.time_ns - zero_ns, 0))
        name = {"ph": "i", "s": _THREAD, "cat": "event", "name": each.name}
        yield {**name, "ts": ts, **place, "args": _finite(each.attributes)}


def _line(line: Line, places: _Places, zero_ns: int) -> Iterator[dict[str, Any]]:
    """Give a log record as an instant of its span's thread; one outside of all spans has no place to stand."""
    found = places.get((line.trace_id, line.span_id))
    if found is not None:
        arguments = _finite({**line.attributes, "severity": line.severity})
        ts = _micros(max(line.time_ns - zero_ns, 0))
        name = {"ph": "i", "s": _THREAD, "cat": "log", "name": line.text}
        yield {**name, "ts": ts, "pid": found[0], "tid": found[1], "args": arguments}


def _flows(places: _Places, zero_ns: int) -> Iterator[dict[str, Any]]:
    """Give an arrow for each link, and for each parent that is in another process or lane."""
    number = 0
    for pid, tid, span in places.values():
        links = [(link.trace_id, link.span_id, "link") for link in span.links]
        around = places.get((span.trace_id, span.parent_id))
        if around is not None and around[:2] != (pid, tid):
            links.append((span.trace_id, span.parent_id, "parent"))
        for trace_id, span_id, name in links:
            source = places.get((trace_id, span_id))
            if source is None:
                continue
            number += 1
            # An arrow may not go back in time: one to a span that ended later leaves it where the other begins.
            leaves_ns = max(min(source[2].end_ns, span.start_ns), source[2].start_ns)
            arrow = {"id": number, "name": name, "cat": "flow"}
            arrives_ns = max(span.start_ns, leaves_ns)
            yield {"ph": "s", **arrow, "ts": _micros(leaves_ns - zero_ns), "pid": source[0], "tid": source[1]}
            yield {"ph": "f", "bp": "e", **arrow, "ts": _micros(arrives_ns - zero_ns), "pid": pid, "tid": tid}


def _micros(nanoseconds: int) -> float:
    return nanoseconds / 1000


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values that JSON has: it knows neither infinity nor NaN."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    is_odd = isinstance(value, float) and (value != value or value in (float("inf"), float("-inf")))  # noqa: PLR0124
    if isinstance(value, dict):
        return _finite(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if is_odd else value
