"""What most spans never get: their own name or status, events, links, a failure."""

from __future__ import annotations

from time import time_ns

from .failure import Failure, origin, outcome, summary
from .tracecontext import TraceContext
from .values import clean, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from .failure import Origin

    StatusCode = Literal["unset", "ok", "error"]


class Details:
    """The rare parts of one span, by OpenTelemetry's rules for each (API specification, Trace §Span).

    Attributes:
        links: Pairs of a trace context and attributes; where one was no link, what is wrong with it.
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
        self.links: list[tuple[TraceContext | str, dict[str, Any]]] = []
        self.failure: Failure | None = None
        self.foreign: dict[str, Any] = {}
        self.mark: Origin | None = None
        self.running_ns: int | None = None

    def add_event(self, name: str, attributes: Mapping[str, Any] | None, timestamp: int | None) -> None:
        """Add an event; `timestamp` is nanoseconds since the epoch, None for now."""
        cleaned = {text(key): clean(value) for key, value in (attributes or {}).items()}
        self.events.append((text(name), time_ns() if timestamp is None else timestamp, cleaned))

    def add_link(self, context: Any, attributes: Mapping[str, Any] | None) -> None:
        """Point at another span; only its ids are kept, so that no object of the user's lives longer for it."""
        cleaned = {text(key): clean(value) for key, value in (attributes or {}).items()}
        try:
            state: Any = getattr(context, "tracestate", None) or getattr(context, "trace_state", "")
            header = state if isinstance(state, str) else state.to_header()
            ids = int(context.trace_id), int(context.span_id), int(context.trace_flags)
            remote = bool(getattr(context, "is_remote", False))
        except Exception as error:  # noqa: BLE001 -- a link is what the user gave
            problem = f"{type(context).__name__} is no link: {type(error).__name__}: {text(error)}"
            self.links.append((problem, cleaned))
        else:
            self.links.append((TraceContext(*ids, header, is_remote=remote), cleaned))

    def set_status(self, status: Any, description: str | None) -> None:
        """Set the status: Ok is final, Unset is ignored, only an error has a description (§Set Status)."""
        try:
            description = getattr(status, "description", description)
            code = text(getattr(getattr(status, "status_code", status), "name", status)).lower()
        except Exception:  # noqa: BLE001 -- what is no status may raise whatever it likes
            return
        if code not in ("ok", "error") or self.status == "ok":
            return
        self.status = "ok" if code == "ok" else "error"
        self.description = text(description or "") if code == "error" else ""

    def add_exception(
        self, error: BaseException, attributes: Mapping[str, Any] | None, timestamp: int | None, escaped: bool
    ) -> None:
        """Add an `exception` event, always; it does not change the status (§Record Exception)."""
        details = {**Failure(error).attributes(), **(attributes or {})}
        if escaped:
            details["exception.escaped"] = True
        self.add_event("exception", details, timestamp)

    def fail(self, error: BaseException, raised: Origin) -> None:
        """Note what ended the span, as an event unless a child has recorded it."""
        if self.status == "unset":
            self.status = "error"
        if self.mark != raised:
            self.failure = Failure(error)


def fail(span: Any, error: BaseException) -> str:
    """Note how `error` ended a span, and tell its parent; give the outcome."""
    result = outcome(error)
    if result == "success" or not span.is_open:
        return result
    raised = origin(error)
    if result == "failure":
        span.details().fail(error, raised)
    span.extra = {**summary(error, result), **(span.extra or {})}
    parent = span.parent
    if hasattr(parent, "details"):
        parent.details().mark = raised
    return result
