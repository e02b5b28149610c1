"""What is current here and now, and how it crosses a boundary."""

from __future__ import annotations

from .current import attach, current_ids, current_span, detach
from .headers import describe, extract, inject
from .link import link, meet
from .traceparent import format_traceparent, parse_traceparent

__all__ = (
    "attach",
    "current_ids",
    "current_span",
    "describe",
    "detach",
    "extract",
    "format_traceparent",
    "inject",
    "link",
    "meet",
    "parse_traceparent",
)
