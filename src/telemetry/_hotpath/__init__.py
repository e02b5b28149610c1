"""The hot path: every measurement passes here. Two twins with one behaviour; this file chooses."""

from __future__ import annotations

from . import ambient, ids, layout, switch
from .cells import quantile
from .page import Entry, Page, walk
from .parameters import Parameters
from .pure import CounterCell, GaugeCell, HistogramCell, Span, SummaryCell, TraceContext, form, wrap
from .site import QUEUE_LIMIT, Site, Source
from .span import Details, begin, current_span, sample_with
from .tracecontext import SpanBase
from .values import clean, label, read, text

TWIN = "pure"
"""Which twin is in use; the compiled one will be chosen here unless `TELEMETRY_PURE=1` forbids it."""

__all__ = (
    "QUEUE_LIMIT",
    "TWIN",
    "CounterCell",
    "Details",
    "Entry",
    "GaugeCell",
    "HistogramCell",
    "Page",
    "Parameters",
    "Site",
    "Source",
    "Span",
    "SpanBase",
    "SummaryCell",
    "TraceContext",
    "ambient",
    "begin",
    "clean",
    "current_span",
    "form",
    "ids",
    "label",
    "layout",
    "quantile",
    "read",
    "sample_with",
    "switch",
    "text",
    "walk",
    "wrap",
)
