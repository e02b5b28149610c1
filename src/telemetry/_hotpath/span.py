"""The span: an operation that is recorded here.

It answers to OpenTelemetry's `Span` interface (API specification, Trace §Span), so code written to that works on it,
and needs nothing of it to be imported. A span points at its site, never at the function.
"""

from __future__ import annotations

from time import monotonic_ns, time_ns

from . import ids
from .ambient import Ambient, activate, attach, current, detach, span_key
from .failure import Failure, origin, outcome, summary
from .site import QUEUE_LIMIT
from .tracecontext import RANDOM, SAMPLED, SpanBase, TraceContext, adopt, opentelemetry_context
from .values import clean, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, Literal

    StatusCode = Literal["unset", "ok", "error"]

    from .failure import Origin
    from .site import Site


class Details:
    """What most spans never get: their own name or status, events, links, a failure.

    Attributes:
        foreign: Attributes that a processor or sampler set, which are in no contract.
        mark: The origin of the exception that ended a child, which has recorded it.
        running_ns: The time inside a generator; None where that is all the time between start and end.
    """

    __slots__ = ("description", "events", "failure", "foreign", "links", "mark", "renamed", "running_ns", "status")

    def __init__(self) -> None:
        self.renamed = ""
        self.status: StatusCode = "unset"
        self.description = ""
        self.events: list[tuple[str, int, dict[str, Any]]] = []
        self.links: list[Any] = []
        self.failure: Failure | None = None
        self.foreign: dict[str, Any] = {}
        self.mark: Origin | None = None
        self.running_ns: int | None = None


class Span(SpanBase):
    """An operation with a start, an end, attributes and a place in a trace.

    Use it as a context manager, or through OpenTelemetry's interface. Setting anything after the end is ignored, and
    so is a second end.

    Attributes:
        sequence: What its id is made of when somebody reads it.
        identity: The id that a generator of the user's gave it, 0 where its own counts.
        trace: The sequence number of the local root; or the trace context that the trace came with.
        parent: The parent while this span is open, None for a root; of a parent of ours the sequence number is left
            after the end, so that a chain of tasks does not keep all its ancestors.
        begun: The start on the monotonic clock; `start_ns` is since the epoch.
        elapsed_ns: None while it is open; what is added counts until then.
        values: What was captured, in the order of the site's sources.
        extra: Attributes that were set later.
        more: The rest, which most spans never get.
    """

    # What every span has stands in slots; what few have is a default of the class until it is set, to save 8 ns each.
    __slots__ = ("__dict__", "begun", "elapsed_ns", "sequence", "site", "start_ns", "trace", "values")

    site: Site
    sequence: int
    trace: int | TraceContext
    start_ns: int
    begun: int
    elapsed_ns: int | None
    values: tuple[Any, ...]
    identity: int = 0
    parent: Span | TraceContext | int | None = None
    extra: dict[str, Any] | None = None
    more: Details | None = None
    context_token: Any = None

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
        return ids.trace_id(trace) if isinstance(trace, int) else trace.trace_id

    @property
    def span_id(self) -> int:
        """The 64-bit span id."""
        return self.identity or ids.span_id(self.sequence)

    @property
    def parent_span_id(self) -> int | None:
        """The 64-bit id of the parent; None at a root."""
        parent = self.parent
        if parent is None:
            return None
        return ids.span_id(parent) if isinstance(parent, int) else parent.span_id

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
            cleaned = {text(key): clean(value) for key, value in (attributes or {}).items()}
            self.details().events.append((text(name), time_ns() if timestamp is None else timestamp, cleaned))

    def add_link(self, context: Any, attributes: Mapping[str, Any] | None = None) -> None:
        """Point at another span, given as a `SpanContext` or `TraceContext`."""
        if self.elapsed_ns is None:
            self.details().links.append((context, dict(attributes or {})))

    def update_name(self, name: str) -> None:
        """Change the name, to another one of the registry."""
        if self.elapsed_ns is None:
            self.details().renamed = text(name)

    def set_status(self, status: Any, description: str | None = None) -> None:
        """Set the status by OpenTelemetry's rule: Ok is final, Unset is ignored (Trace §Set Status).

        `status` is OpenTelemetry's `Status` or `StatusCode`, or the name of one; only an error has a description.
        """
        description = getattr(status, "description", description)
        code = getattr(getattr(status, "status_code", status), "name", text(status)).lower()
        if self.elapsed_ns is not None or code not in ("ok", "error"):
            return
        more = self.details()
        if more.status != "ok":
            more.status = "ok" if code == "ok" else "error"
            more.description = text(description or "") if code == "error" else ""

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
        """End the span; a second end is ignored. `end_time` is nanoseconds since the epoch."""
        self.finish(monotonic_ns() - self.begun if end_time is None else end_time - self.start_ns)

    def finish(self, elapsed_ns: int) -> None:
        """Close the span, this long after its start, and hand it over, once."""
        if self.elapsed_ns is not None:
            return
        watch = self.site.watch if self.site.watch is not None and self.is_recording() else None
        if watch is not None:
            watch.ending(self)
            if self.elapsed_ns is not None:  # another thread was faster
                return
        self.elapsed_ns = elapsed_ns
        if isinstance(self.parent, Span):
            self.parent = self.parent.remnant()
        record = None if watch is None else watch.record(self)
        queue = self.site.queue
        queue.append(self if record is None or not self.trace_flags & SAMPLED else record)
        if len(queue) >= QUEUE_LIMIT:
            self.site.spill()
        if watch is not None:
            watch.ended(record)

    def remnant(self) -> int | TraceContext:
        """Give what a child keeps of this span after the child's end."""
        return self.sequence if not self.identity else TraceContext(self.trace_id, self.identity, is_remote=False)

    def fail(self, error: BaseException) -> str:
        """Note how `error` ended the span, as an event unless a child recorded it already; give the outcome."""
        result = outcome(error)
        if result == "success" or self.elapsed_ns is not None:
            return result
        raised = origin(error)
        if result == "failure":
            self._fail(error, raised)
        self.extra = {**summary(error, result), **(self.extra or {})}
        if isinstance(self.parent, Span):
            self.parent.details().mark = raised
        return result

    def _fail(self, error: BaseException, raised: Origin) -> None:
        more = self.details()
        if more.status == "unset":
            more.status = "error"
        if more.mark != raised:
            more.failure = Failure(error)

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


_decide: Callable[[int], bool] | None = None


def sample_with(decide: Callable[[int], bool] | None) -> Callable[[int], bool] | None:
    """Set the sampler: its verdict on the id of a trace that starts here, None for every one; give the one before."""
    global _decide
    before, _decide = _decide, decide
    return before


def begin(site: Site, values: tuple[Any, ...] = ()) -> Span:
    """Start a span here and now, without making it the current one."""
    span = Span()
    span.site = site
    span.sequence = ids.next_sequence()
    span.values = values
    span.elapsed_ns = None
    inherit(span, current())
    span.start_ns = time_ns()
    span.begun = monotonic_ns()
    if site.watch is not None:
        site.watch.started(span, current())
    return span


def inherit(span: Span, outer: Mapping[str, Any]) -> None:
    """Take the parent and the trace from ambient values."""
    parent = span.parent = current_span(outer) if outer else None
    if parent is None:
        span.trace = span.sequence
    else:
        span.trace = parent.trace if isinstance(parent, Span) else parent


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
    found = (current() if values is None else values).get(span_key())
    if found is None or isinstance(found, (Span, TraceContext)):
        return found
    return adopt(found)
