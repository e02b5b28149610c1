"""Random finished spans, for what writes them and what reads them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from telemetry.signals import Scope, SpanEvent, SpanLink, SpanRecord

UINT32 = (1 << 32) - 1
INT64 = 1 << 63

ODD = "aé😀\udce9\n"
"""An alphabet of one to four bytes a letter, with half a surrogate pair."""
EVEN = "aé😀\n"

Values = st.SearchStrategy[Any]


def values(texts: Values, integers: Values) -> Values:
    """Give attribute values: primitives, and tuples of one type."""
    primitives = (texts, st.booleans(), integers, st.floats())
    return st.one_of(*primitives, *(st.lists(each, max_size=3).map(tuple) for each in primitives))


def attributes(texts: Values, values: Values) -> Values:
    """Give attributes whose names stay different from each other as UTF-8."""
    pairs = st.tuples(texts, values)
    return st.lists(pairs, max_size=4, unique_by=lambda pair: pair[0].encode("utf-8", "replace")).map(dict)


def events(texts: Values, attributes: Values) -> Values:
    """Give events."""
    return st.builds(SpanEvent, texts, st.integers(0, INT64), attributes, st.integers(0, UINT32))


def links(attributes: Values, tracestates: Values) -> Values:
    """Give links; whether they were sampled is not on the wire."""
    flags = st.just(1)
    return st.builds(
        SpanLink, _ids(128), _ids(64), flags, tracestates, attributes, st.integers(0, UINT32), st.booleans()
    )


def scopes(texts: Values, attributes: Values) -> Values:
    """Give scopes, or None for our own."""
    return st.none() | st.builds(Scope, texts, texts, texts, attributes)


@st.composite
def records(draw: st.DrawFn, texts: Values, attributes: Values, links: Values) -> SpanRecord:
    """Give spans as recorders make them: only an error has a description, and only a parent can be remote."""
    parent = draw(st.none() | _ids(64))
    status = draw(st.sampled_from(["unset", "ok", "error"]))
    return SpanRecord(
        name=draw(texts),
        trace_id=draw(_ids(128)),
        span_id=draw(_ids(64)),
        parent_span_id=parent,
        start_ns=draw(_times),
        end_ns=draw(_times),
        attributes=draw(attributes),
        kind=draw(st.sampled_from(["internal", "server", "client", "producer", "consumer"])),
        status=status,
        status_description=draw(texts) if status == "error" else "",
        events=draw(st.lists(events(texts, attributes), max_size=2).map(tuple)),
        links=draw(st.lists(links, max_size=2).map(tuple)),
        trace_flags=draw(st.integers(0, 255)),
        tracestate=draw(TRACESTATES),
        parent_is_remote=parent is not None and draw(st.booleans()),
        dropped_attributes=draw(_counts),
        dropped_events=draw(_counts),
        dropped_links=draw(_counts),
        running_ns=draw(st.none() | st.integers(0, INT64 - 1)),
    )


def plain(record: SpanRecord) -> Mapping[str, Any]:
    """Take a record apart, so that 1, 1.0 and True differ, and a NaN equals itself."""
    return {name: repr(getattr(record, name)) for name in SpanRecord.__slots__}


def _ids(bits: int) -> Values:
    return st.integers(1, (1 << bits) - 1)


_times = st.integers(0, INT64)
_counts = st.integers(0, UINT32)
TRACESTATES = st.sampled_from(["", "vendor=opaque", "vendor=opaque,other=2"])
