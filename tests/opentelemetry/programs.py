"""Programs of calls of OpenTelemetry's tracing API, to be run on any provider, and what they leave behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

REMOTE = SpanContext(0xA1, 0xB2, True, TraceFlags(TraceFlags.SAMPLED), trace.TraceState([("vendor", "x")]))
LOCAL = SpanContext(0xC3, 0xD4, False, TraceFlags(TraceFlags.SAMPLED))
NOWHERE = SpanContext(0, 0, False)
CONTEXTS = {"remote": REMOTE, "local": LOCAL, "nowhere": NOWHERE}

NAMES = st.sampled_from(["a", "b", "c", "d", "e.f", "λ"])
PRIMITIVES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["", "x", "word", "a longer text, with λ"]),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(allow_nan=False),
)
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.binary(max_size=3),
    st.builds(object),
    st.builds(set),
    st.lists(st.one_of(PRIMITIVES, st.none()), max_size=3),
    st.dictionaries(NAMES, PRIMITIVES, max_size=2),
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    PRIMITIVES,
    st.lists(st.text("xyz", max_size=4), max_size=4),
    st.lists(st.integers(0, 9), max_size=4).map(tuple),
    ODD,
)
ATTRIBUTES = st.none() | st.dictionaries(NAMES | st.sampled_from(["", 7]), VALUES, max_size=5)
LINKS = st.lists(st.tuples(st.sampled_from(sorted(CONTEXTS)), ATTRIBUTES), max_size=4)
CODES = st.sampled_from(list(StatusCode))
TEXTS = st.none() | st.sampled_from(["", "bad", "worse"])
TIMES = st.none() | st.integers(1, 1 << 60)

STARTS = st.tuples(
    st.just("start"),
    NAMES,
    st.sampled_from(list(SpanKind)),
    ATTRIBUTES,
    LINKS,
    st.sampled_from(["", *CONTEXTS]),
    TIMES,
    st.booleans(),
    st.booleans(),
)
STATUSES = st.tuples(st.sampled_from(["set_status", "set_status_object"]), CODES, TEXTS)
CHANGES = st.one_of(
    st.tuples(st.just("set_attribute"), NAMES | st.just(""), VALUES),
    st.tuples(st.just("set_attributes"), ATTRIBUTES.filter(bool)),
    st.tuples(st.just("add_event"), NAMES, ATTRIBUTES, TIMES),
    st.tuples(st.just("add_link"), st.sampled_from(sorted(CONTEXTS)), ATTRIBUTES),
    st.tuples(st.just("update_name"), NAMES),
    STATUSES,
    STATUSES,
    STATUSES,
    st.tuples(st.just("record_exception"), st.sampled_from(["", "text"]), ATTRIBUTES, st.booleans()),
    st.tuples(st.just("end"), TIMES),
    st.tuples(st.just("with"), st.booleans()),
    st.tuples(st.just("use"), st.booleans(), st.booleans(), st.booleans(), st.booleans()),
)
CHANGED = st.tuples(st.just("change"), st.integers(0, 2), CHANGES)
PROGRAMS = st.builds(
    lambda first, rest: [first, *rest],
    STARTS,
    st.lists(st.one_of(CHANGED, CHANGED, CHANGED, STARTS), min_size=2, max_size=14),
)


class OopsError(Exception):
    """What a program raises."""


class Machine:
    """Runs a program: spans are numbered in the order of their starts; what is started last is the current one."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self.tracer = tracer
        self.spans: list[Any] = []
        self.observed: list[Any] = []

    def run(self, program: Iterable[Sequence[Any]]) -> None:
        """Run it, and end what it left open, the youngest first."""
        tokens = []
        for verb, *rest in program:
            if verb == "start":
                tokens.append(self.start(*rest))
            elif self.spans:
                which, (change, *arguments) = rest
                self.change(self.spans[-1 - which % len(self.spans)], change, arguments)
        for span in reversed(self.spans):
            span.end()
            self.observed.append(span.is_recording())
        for token in reversed(tokens):
            context_api.detach(token)

    def start(self, *given: Any) -> Any:
        """Start a span, and make it the current one."""
        name, kind, attributes, links, parent, at, records, marks = given
        linked = [Link(CONTEXTS[which], each) for which, each in links]
        context = trace.set_span_in_context(NonRecordingSpan(CONTEXTS[parent])) if parent else None
        span = self.tracer.start_span(name, context, kind, attributes, linked, at, records, marks)
        self.spans.append(span)
        self.observed.append((span.is_recording(), span.get_span_context().is_valid))
        return context_api.attach(trace.set_span_in_context(span))

    def change(self, span: Any, change: str, arguments: Sequence[Any]) -> None:
        """Call one method of a span, whether it has ended or not."""
        if change == "add_link":
            span.add_link(CONTEXTS[arguments[0]], arguments[1])
        elif change == "set_status_object":
            span.set_status(Status(*arguments))
        elif change == "record_exception":
            span.record_exception(OopsError(arguments[0]), arguments[1], escaped=arguments[2])
        elif change == "with":
            self.enter(span, fails=arguments[0])
        elif change == "use":
            self.use(span, *arguments)
        else:
            getattr(span, change)(*arguments)
        self.observed.append(span.is_recording())

    def enter(self, span: Any, *, fails: bool) -> None:
        """Use a span as a context manager."""
        try:
            with span as entered:
                self.observed.append(entered is span)
                if fails:
                    raise OopsError("inside")
        except OopsError:
            self.observed.append("raised")

    def use(self, span: Any, fails: bool, ends: bool, records: bool, marks: bool) -> None:
        """Make a span the current one for a block."""
        try:
            with trace.use_span(span, ends, records, marks):
                self.observed.append(trace.get_current_span() is span)
                if fails:
                    raise OopsError("inside")
        except OopsError:
            self.observed.append("raised")

    def numbers(self) -> dict[int, int]:
        """Give the number of each span by its id."""
        return {span.get_span_context().span_id: number for number, span in enumerate(self.spans)}


def essence(span: ReadableSpan, numbers: Mapping[int, int]) -> dict[str, Any]:
    """Give all of a span but what must differ from run to run: ids that were made, times that were not given."""
    parent = span.parent
    return {
        "number": numbers[span.context.span_id],
        "name": span.name,
        "kind": span.kind,
        "flags": span.context.trace_flags,
        "state": span.context.trace_state.to_header(),
        "status": (span.status.status_code, span.status.description or None),
        "parent": parent and (numbers.get(parent.span_id, parent.span_id), parent.is_remote),
        "attributes": plain(span.attributes),
        "events": [(event.name, plain(event.attributes), event.dropped_attributes) for event in span.events],
        "links": [(link.context, plain(link.attributes), link.dropped_attributes) for link in span.links],
        "dropped": (span.dropped_attributes, span.dropped_events, span.dropped_links),
        "scope": span.instrumentation_scope,
    }


def plain(attributes: Any) -> list[tuple[str, str]]:
    """Give attributes in their order, with their types, but for what shows an address or a frame of one provider."""
    return [
        (name, "…" if name == "exception.stacktrace" else f"{type(value).__name__} {value!r}")
        for name, value in attributes.items()
    ]
