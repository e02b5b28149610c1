"""The span, and the trace context of a span that is somewhere else.

Both answer to OpenTelemetry's `Span` interface (API specification, Trace §Span), so code written to it works on
them; neither needs it to be imported. A span points at its site, never at the function.
"""

from __future__ import annotations

from time import monotonic_ns, time_ns

from . import ids
from .ambient import activate, current, detach, span_key
from .failure import Failure, outcome
from .site import QUEUE_LIMIT
from .values import clean, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, Literal

    StatusCode = Literal["unset", "ok", "error"]

    from .site import Site

SAMPLED = 1
RANDOM = 2


class SpanBase:
    """What `opentelemetry.trace.Span` is told to recognise; `isinstance` is cached for subclasses only."""

    __slots__ = ("__weakref__",)


class TraceContext(SpanBase):
    """The ids of a span that is recorded elsewhere: a remote parent, or another SDK's span.

    Attributes:
        trace_id: 128 bits.
        span_id: 64 bits.
        trace_flags: W3C flags; bit 0 sampled, bit 1 random.
        tracestate: The header's value, as it was received.
        is_remote: Whether it came from another process.
        foreign: The span of the other SDK, where there is one.
    """

    __slots__ = ("foreign", "is_remote", "span_id", "trace_flags", "trace_id", "tracestate")

    def __init__(
        self, trace_id: int, span_id: int, trace_flags: int = SAMPLED, tracestate: str = "", *, is_remote: bool = True
    ) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.trace_flags = trace_flags
        self.tracestate = tracestate
        self.is_remote = is_remote
        self.foreign: Any = None

    def get_span_context(self) -> Any:
        """Give OpenTelemetry's `SpanContext`."""
        return opentelemetry_context(self)

    def is_recording(self) -> bool:
        """Say no: nothing can be added from here."""
        return False

    def ignore(self, *_: Any, **__: Any) -> None:
        """Take what a non-recording span takes, and drop it (Trace §Wrapping a SpanContext in a Span)."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Pass an attribute on to the other SDK's span; of a remote span it is dropped."""
        if self.foreign is not None:
            self.foreign.set_attribute(key, value)

    set_attributes = add_event = add_link = update_name = set_status = record_exception = end = ignore


class Span(SpanBase):
    """An operation with a start, an end, attributes and a place in a trace.

    Use it as a context manager, or through OpenTelemetry's interface. Setting anything after the end is ignored.
    """

    __slots__ = (
        "begun",
        "context_token",
        "elapsed_ns",
        "ended_ns",
        "events",
        "extra",
        "failure",
        "links",
        "mark",
        "parent",
        "renamed",
        "running_ns",
        "sequence",
        "site",
        "start_ns",
        "status",
        "trace",
        "values",
    )

    site: Site
    sequence: int
    trace: int | TraceContext
    parent: Span | TraceContext | None
    start_ns: int
    begun: int
    elapsed_ns: int | None
    ended_ns: int | None
    running_ns: int | None
    values: tuple[Any, ...]
    extra: dict[str, Any] | None
    events: tuple[tuple[str, int, dict[str, Any]], ...]
    links: tuple[tuple[Any, Mapping[str, Any]], ...]
    status: tuple[StatusCode, str]
    failure: Failure | None
    mark: Any
    renamed: str | None
    context_token: Any

    def __getattr__(self, name: str) -> Any:
        """Give the value of a slot that nothing was put into; most spans fill only half of theirs."""
        try:
            return _UNSET[name]
        except KeyError:
            raise AttributeError(f"'Span' object has no attribute {name!r}") from None

    @property
    def name(self) -> str:
        """The name, as the site or `update_name` gave it."""
        return self.renamed or self.site.name

    @property
    def end_ns(self) -> int | None:
        """When it ended, in nanoseconds since the epoch: at `end()`, else with its block or function; None before."""
        if self.ended_ns is not None or self.elapsed_ns is None:
            return self.ended_ns
        return self.start_ns + self.elapsed_ns

    @property
    def trace_id(self) -> int:
        """The 128-bit trace id."""
        trace = self.trace
        return ids.trace_id(trace) if isinstance(trace, int) else trace.trace_id

    @property
    def span_id(self) -> int:
        """The 64-bit span id."""
        return ids.span_id(self.sequence)

    @property
    def trace_flags(self) -> int:
        """W3C flags: whether the trace is sampled, and that its id is random where we made it."""
        trace = self.trace
        if isinstance(trace, int):
            return RANDOM | (SAMPLED if _decide is None or _decide(self.trace_id) else 0)
        return trace.trace_flags

    @property
    def tracestate(self) -> str:
        """The vendor list that came with the trace."""
        return "" if isinstance(self.trace, int) else self.trace.tracestate

    def get_span_context(self) -> Any:
        """Give OpenTelemetry's `SpanContext`."""
        return opentelemetry_context(self)

    def is_recording(self) -> bool:
        """Say whether what is added still counts."""
        return self.end_ns is None and bool(self.trace_flags & SAMPLED)

    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute; what is no primitive becomes text, and None sets nothing."""
        if self.end_ns is not None:
            return
        value = clean(value)
        if value is None:
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
        if self.end_ns is None:
            cleaned = {text(key): clean(value) for key, value in (attributes or {}).items()}
            self.events = (*self.events, (text(name), timestamp or time_ns(), cleaned))

    def add_link(self, context: Any, attributes: Mapping[str, Any] | None = None) -> None:
        """Point at another span, given as a `SpanContext` or `TraceContext`."""
        if self.end_ns is None:
            self.links = (*self.links, (context, dict(attributes or {})))

    def update_name(self, name: str) -> None:
        """Change the name."""
        if self.end_ns is None:
            self.renamed = text(name)

    def set_status(self, status: Any, description: str | None = None) -> None:
        """Set the status by OpenTelemetry's rule: Ok is final, Unset is ignored (Trace §Set Status)."""
        description = getattr(status, "description", description)
        code = getattr(getattr(status, "status_code", status), "name", text(status)).lower()
        if self.end_ns is not None or self.status[0] == "ok":
            return
        if code == "ok":
            self.status = ("ok", "")
        elif code == "error":
            self.status = ("error", text(description or ""))

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Add an `exception` event, always; it does not change the status."""
        details = {**Failure(exception).attributes(), **(attributes or {})}
        if escaped:
            details["exception.escaped"] = True
        self.add_event("exception", details, timestamp)

    def end(self, end_time: int | None = None) -> None:
        """Set the end, by default now; a second end is ignored. `end_time` is nanoseconds since the epoch.

        The span leaves with its block or function, however early it ended.
        """
        if self.end_ns is None:
            self.ended_ns = end_time or time_ns()

    def close(self, elapsed_ns: int) -> None:
        """Hand the span over, this long after its start; for whoever opened it."""
        self.elapsed_ns = elapsed_ns
        site = self.site
        site.queue.append(self)
        if len(site.queue) >= QUEUE_LIMIT:
            site.spill()

    def fail(self, error: BaseException) -> str:
        """Note how `error` ended the span, unless a child already recorded it; give the outcome."""
        result = outcome(error)
        if result == "success":
            return result
        if result == "failure":
            self.status = ("error", "") if self.status[0] == "unset" else self.status
        failure = Failure(error)
        if result == "failure" and self.mark != failure.origin:
            self.failure = failure
        self.extra = {**failure.summary(result), **(self.extra or {})}
        if isinstance(self.parent, Span):
            self.parent.mark = failure.origin
        return result

    def __enter__(self) -> Span:
        begin(self)
        self.context_token = activate(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        elapsed = monotonic_ns() - self.begun
        detach(self.context_token)
        if error is not None:
            self.fail(error)
        self.close(elapsed)


_UNSET: dict[str, Any] = {
    "context_token": None,
    "elapsed_ns": None,
    "ended_ns": None,
    "events": (),
    "extra": None,
    "failure": None,
    "links": (),
    "mark": None,
    "parent": None,
    "renamed": None,
    "running_ns": None,
    "status": ("unset", ""),
    "values": (),
}

_decide: Callable[[int], bool] | None = None


def sample_with(decide: Callable[[int], bool] | None) -> None:
    """Set the sampler: its verdict on the id of a trace that starts here; None keeps every trace."""
    global _decide  # noqa: PLW0603 -- read when flags are, far from any runtime
    _decide = decide


def begin(span: Span) -> None:
    """Give a span its ids, its parent and its start."""
    span.sequence = ids.next_sequence()
    values = current()
    parent = span.parent = current_span(values) if values else None
    span.trace = span.sequence if parent is None else inherited(parent)
    span.start_ns = time_ns()
    span.begun = monotonic_ns()


def inherited(parent: Span | TraceContext) -> int | TraceContext:
    """Give what a child takes over as its trace."""
    return parent.trace if isinstance(parent, Span) else parent


def current_span(values: dict[str, Any] | None = None) -> Span | TraceContext | None:
    """Give the current span, ours or any other; None outside of spans."""
    found = (current() if values is None else values).get(span_key())
    if found is None or isinstance(found, (Span, TraceContext)):
        return found
    return _adopt(found)


def _adopt(foreign: Any) -> TraceContext | None:
    """See another SDK's span as a trace context; None when it is invalid."""
    try:
        context = foreign.get_span_context()
        if not context.is_valid:
            return None
        seen = TraceContext(
            context.trace_id,
            context.span_id,
            int(context.trace_flags),
            context.trace_state.to_header() if context.trace_state else "",
            is_remote=context.is_remote,
        )
    except Exception:  # noqa: BLE001 -- whatever lies in the context is not ours
        return None
    seen.foreign = foreign
    return seen


def opentelemetry_context(span: Span | TraceContext) -> Any:
    """Build OpenTelemetry's `SpanContext` of a span."""
    from opentelemetry.trace import SpanContext, TraceFlags, TraceState

    state = TraceState.from_header([span.tracestate]) if span.tracestate else TraceState()
    is_remote = span.is_remote if isinstance(span, TraceContext) else False
    return SpanContext(span.trace_id, span.span_id, is_remote, TraceFlags(span.trace_flags), state)
