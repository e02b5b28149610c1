"""What is current: the span, its ids, and the token that attaching gives."""

from __future__ import annotations

from telemetry._hotpath import Span, TraceContext, ambient
from telemetry._hotpath import current_span as _current_span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def current_span() -> Span | TraceContext | None:
    """Give the current span; None outside of spans.

    A span of another SDK comes as a `TraceContext` that passes attributes on to it.
    """
    return _current_span()


def current_ids() -> tuple[int, int, int] | None:
    """Give (trace id, span id, trace flags) of the current span; None outside of spans."""
    span = _current_span()
    return None if span is None else (span.trace_id, span.span_id, span.trace_flags)


def describe(span: Span | TraceContext) -> dict[str, str]:
    """Give the ids of a span as the hex text that log lines carry."""
    return {
        "trace_id": f"{span.trace_id:032x}",
        "span_id": f"{span.span_id:016x}",
        "trace_flags": f"{span.trace_flags:02x}",
    }


def attach(values: dict[str, Any]) -> Any:
    """Make what `extract` gave, or a context of OpenTelemetry's, current; the token goes to `detach`."""
    return ambient.attach(values)


def detach(token: Any) -> None:
    """Restore what was current before `attach`; in another thread or task, or a second time, it does nothing."""
    ambient.detach(token)
