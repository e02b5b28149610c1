"""The span: an operation that is recorded here.

It answers to OpenTelemetry's `Span` interface (API specification, Trace §Span), so code written to that works on it,
and needs nothing of it to be imported. A span points at its site, never at the function.
"""

from __future__ import annotations

from time import monotonic_ns, time_ns

from . import ambient, extent
from .ambient import Ambient, activate, attach, current, detach, span_key
from .details import Details, fail
from .packing import Packing
from .randomness import swapped
from .tracecontext import RANDOM, SAMPLED, SpanBase, TraceContext, adopt, opentelemetry_context
from .values import clean, text
from .writing import is_written, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, Literal

    StatusCode = Literal["unset", "ok", "error"]

    from .opentable import Slot
    from .site import Site


_UINT64 = (1 << 64) - 1


class Span(SpanBase):
    """An operation with a start, an end, attributes and a place in a trace.

    Use it as a context manager, or through OpenTelemetry's interface. Setting anything after the end is ignored, and
    so is a second end.

    Attributes:
        number: Its id, as the number that stands on the wire.
        trace: The id of a trace that began here and is sampled; else the trace context that says more.
        parent: The parent while this span is open, None for a root; of a parent of ours the number is left after the
            end, so that a chain of tasks does not keep all its ancestors.
        begun: The start on the monotonic clock; `start_ns` is since the epoch.
        elapsed_ns: None while it is open; what is added counts until then.
        values: What was captured, in the order of the site's sources.
        extra: Attributes that were set later.
        more: The rest, which most spans never get.
        slot: Its place in the table of open spans; None where it has none.
        context_token: What `__exit__` gives back; None outside of a `with`.
    """

    # To set what is rare to None takes 4 ns each; to make room for a `__dict__` and find a default in the class, 30.
    __slots__ = (
        "begun",
        "context_token",
        "elapsed_ns",
        "extra",
        "more",
        "number",
        "parent",
        "site",
        "slot",
        "start_ns",
        "trace",
        "values",
    )

    site: Site
    number: int
    trace: int | TraceContext
    start_ns: int
    begun: int
    elapsed_ns: int | None
    values: tuple[Any, ...]
    parent: Span | TraceContext | int | None
    extra: dict[str, Any] | None
    more: Details | None
    slot: Slot | None
    context_token: Any

    @property
    def name(self) -> str:
        """The name, as the site or `update_name` gave it."""
        return (self.more is not None and self.more.renamed) or self.site.name

    @property
    def end_ns(self) -> int | None:
        """When it ended, in nanoseconds since the epoch; None while it is open."""
        return None if self.elapsed_ns is None else self.start_ns + self.elapsed_ns

    @property
    def trace_id(self) -> int:
        """The 128-bit trace id."""
        trace = self.trace
        return trace if isinstance(trace, int) else trace.trace_id

    @property
    def span_id(self) -> int:
        """The 64-bit span id."""
        return swapped(self.number)

    @property
    def parent_span_id(self) -> int | None:
        """The 64-bit id of the parent; None at a root."""
        parent = self.parent
        if parent is None:
            return None
        return swapped(parent) if isinstance(parent, int) else parent.span_id

    @property
    def trace_flags(self) -> int:
        """W3C flags: whether the trace is sampled, and that its id is random where we made it."""
        return RANDOM | SAMPLED if isinstance(self.trace, int) else self.trace.trace_flags

    @property
    def tracestate(self) -> str:
        """The vendor list that came with the trace."""
        return "" if isinstance(self.trace, int) else self.trace.tracestate

    def get_span_context(self) -> Any:
        """Give OpenTelemetry's `SpanContext`."""
        return opentelemetry_context(self)

    def is_recording(self) -> bool:
        """Say whether what is added still counts."""
        if self.elapsed_ns is not None:
            return False
        return bool(self.trace_flags & SAMPLED) or (not isinstance(self.trace, int) and self.trace.is_recording())

    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute; what is no primitive becomes text, and None sets nothing."""
        value = clean(value)
        if value is None or self.elapsed_ns is not None:
            return
        if self.extra is None:
            self.extra = {}
        self.extra[text(key)] = value

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set several attributes."""
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def add_event(self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None) -> None:
        """Record that something happened; `timestamp` is nanoseconds since the epoch, by default now."""
        if self.elapsed_ns is None:
            self.details().add_event(name, attributes, timestamp)

    def add_link(self, context: Any, attributes: Mapping[str, Any] | None = None) -> None:
        """Point at another span, given as a `SpanContext` or `TraceContext`."""
        if self.elapsed_ns is None:
            self.details().add_link(context, attributes)

    def update_name(self, name: str) -> None:
        """Change the name, to another one of the registry."""
        if self.elapsed_ns is None:
            self.details().renamed = text(name)

    def set_status(self, status: Any, description: str | None = None) -> None:
        """Set the status by OpenTelemetry's rule: Ok is final, Unset is ignored (Trace §Set Status).

        `status` is OpenTelemetry's `Status` or `StatusCode`, or the name of one; only an error has a description.
        """
        if self.elapsed_ns is None:
            self.details().set_status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Add an `exception` event, always; it does not change the status."""
        if self.elapsed_ns is None:
            self.details().add_exception(exception, attributes, timestamp, escaped)

    def end(self, end_time: int | None = None) -> None:
        """End the span; a second end is ignored. `end_time` is nanoseconds since the epoch."""
        self.finish(monotonic_ns() - self.begun if end_time is None else end_time - self.start_ns)

    def finish(self, elapsed_ns: int) -> None:
        """Close the span, this long after its start, and write it into the ring, once."""
        if self.elapsed_ns is not None:
            return
        if self.begun < self.site.ring.open.since:
            self.elapsed_ns = elapsed_ns  # it was open at a fork: the parent records it
            return
        watch = self.site.watch if self.site.watch is not None and self.is_recording() else None
        if watch is not None:
            watch.ending(self)
            if self.elapsed_ns is not None:
                return  # whoever saw it has ended it
        self.elapsed_ns = elapsed_ns
        if isinstance(self.parent, Span):
            self.parent = self.parent.number
        if watch is None:
            if not _write_plainly(self):
                hide(self, was_kept=write(self, self.site.record(self) if is_written(self) else None))
            return
        record = watch.record(self)
        hide(self, was_kept=write(self, record))
        watch.ended(record)

    def place(self, trace: TraceContext, span_id: int = 0) -> None:
        """Give the span another trace, and its id where it is not 0: what a sampler or id generator has decided."""
        self.trace = trace
        if span_id:
            self.number = swapped(span_id)

    def ran(self, running_ns: int) -> None:
        """Note how much of its time a generator was running."""
        self.details().running_ns = running_ns

    def fail(self, error: BaseException) -> str:
        """Note how `error` ended the span, as an event unless a child recorded it already; give the outcome."""
        return fail(self, error)

    @property
    def is_open(self) -> bool:
        """Whether what is added still counts, sampled or not."""
        return self.elapsed_ns is None

    def details(self) -> Details:
        """Give the place for what most spans never get."""
        if self.more is None:
            made = Details()
            if self.more is None:  # no other thread's comes in between: nothing is called
                self.more = made
        return self.more

    def __enter__(self) -> Span:
        if self.elapsed_ns is None and self.context_token is None:
            self.context_token = activate(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        token, self.context_token = self.context_token, None
        if token is not None:
            leave(self, token)
        if error is not None:
            self.fail(error)
        self.end()


def nowhere(site: Site) -> Span:
    """Make a span that is over before it begins: it takes everything and keeps nothing."""
    span = Span()
    span.site, span.values, span.number = site, (), 0
    span.trace = TraceContext(0, 0, 0)
    span.start_ns = span.begun = span.elapsed_ns = 0
    span.parent = span.extra = span.more = span.slot = span.context_token = None
    return span


def begin(
    site: Site,
    values: tuple[Any, ...] = (),
    outer: Mapping[str, Any] | None = None,
    start_ns: int | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Span:
    """Start a span here and now, without making it the current one.

    Args:
        site: Where it is recorded.
        values: What was captured, in the order of the site's sources.
        outer: The ambient values that it stands in, by default those of here.
        start_ns: Nanoseconds since the epoch, by default now.
        attributes: What it has from the start, beside what the site has.
    """
    span = Span()
    span.site = site
    span.number = ambient._telemetry_bits(64) or 1
    span.values = values
    span.elapsed_ns = span.extra = span.more = span.slot = span.context_token = None
    if outer is None:
        outer = current()
    inherit(span, outer)
    span.start_ns = time_ns() if start_ns is None else start_ns
    span.begun = monotonic_ns()
    if attributes:
        span.set_attributes(attributes)
    if site.watch is not None:
        site.watch.started(span, outer)
    show_open(span)
    return span


def inherit(span: Span, outer: Mapping[str, Any]) -> None:
    """Take the parent and the trace from ambient values."""
    parent = span.parent = current_span(outer) if outer else None
    if parent is None:
        span.trace = new_trace()
    else:
        span.trace = parent.trace if isinstance(parent, Span) else parent


def new_trace() -> int | TraceContext:
    """Begin a trace: its id where it is sampled, else its trace context; so also where it gets a `tracestate`."""
    trace_id = ambient._telemetry_bits(128) or 1
    decide = ambient._telemetry_decide
    if decide is not None and not decide(trace_id):
        return TraceContext(trace_id, 0, RANDOM, is_remote=False)
    state = getattr(decide, "state", "")
    return TraceContext(trace_id, 0, RANDOM | SAMPLED, state, is_remote=False) if state else trace_id


def show_open(span: Span) -> None:
    """Put a span into the table of open spans, if it is to be written."""
    if not is_written(span):
        return
    site, parent = span.site, span.parent
    packing = site.packing = site.packing or Packing(site)
    form = packing.opening(span.values, span.extra) if site.is_plain else packing.of(b"")
    table = site.ring.open
    show, before, seen, word = form[parent is not None][:4]
    if word & 0xFFFF > table.room:
        return  # it counts as started from its end on
    above = () if parent is None else (b"\x22\x08", _number_of(parent))
    ids = (before, span.trace_id.to_bytes(16, "big"), b"\x12\x08", span.number)
    slot = span.slot = table.take(span.begun)
    if slot is not None:
        show(table.memory, slot.place, *ids, *above, packing.head, span.start_ns & _UINT64, seen)
        table.words[slot.mark] = word
        table.words[extent.STARTED] += 1  # nothing was called in between: what is interrupted before does not count


def hide(span: Span, *, was_kept: bool) -> None:
    """Take a span out of that table, after it has been written: a kill in between finds it twice, and never not."""
    span.site.ring.open.release(span.slot, is_sampled=was_kept)


def _number_of(parent: Span | TraceContext | int) -> int:
    return parent if isinstance(parent, int) else parent.number if isinstance(parent, Span) else swapped(parent.span_id)


def _write_plainly(span: Span) -> bool:
    """Write a span the fast way and hide it, if nothing rare happened to it; tell whether that was so."""
    site, trace, extra, parent = span.site, span.trace, span.extra, span.parent
    if span.more is not None or not site.is_plain or type(trace) is not int or site.watch is not None:
        return False
    if extra is not None and not site.is_ordinary(extra):
        return False
    packing = site.packing = site.packing or Packing(site)
    form = packing.forms.get(span.values) if extra is None else None
    form = form or packing.form(span.values, extra)
    pack, before, tail, room = form[parent is not None][4:]
    ids = (before, trace.to_bytes(16, "big"), b"\x12\x08", span.number)
    above = () if parent is None else (b"\x22\x08", parent)
    begun = span.start_ns & _UINT64
    times = (packing.head, begun, b"\x41", begun + (span.elapsed_ns or 0) & _UINT64)
    table, slot = site.ring.open, span.slot
    segment = site.ring.current
    at = segment.head
    if at + room > segment.limit:
        segment, at = site.ring.turn(room)
    else:
        segment.head = at + room
    try:
        pack(segment.memory, at, *ids, *above, *times, tail)
    except BaseException:
        site.ring.tear(segment, at, room)
        raise
    finally:  # as `release` does: before a function of ours begins, an interrupt may come
        if slot is not None and slot.mark:
            table.words[slot.mark] = 0
            table.free.append(slot)
        else:
            table.words[extent.STARTED] += 1
    return True


def leave(span: Span, token: Any, outer: Any = None) -> None:
    """Stop being the current span.

    Where there is no token, because an interrupt came before it was kept, or it is of no use here, because the block
    began in another `contextvars.Context`, as in a generator that a pool of threads resumes, the values that the span
    replaced are attached: `outer`, or what the token knows of them.
    """
    if (token is None or not detach(token)) and current().get(span_key()) is span:
        before = getattr(token, "old_value", None) if outer is None else outer
        attach(before if isinstance(before, dict) else Ambient())


def current_span(values: Mapping[str, Any] | None = None) -> Span | TraceContext | None:
    """Give the current span, ours or any other; None outside of spans."""
    if values is None:
        values = current()
    found = values.get(span_key()) if isinstance(values, dict) else None  # anybody may attach anything
    if found is None or isinstance(found, (Span, TraceContext)):
        return found
    return adopt(found)
