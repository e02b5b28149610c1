"""The hot path: every measurement passes here. Two twins with one behaviour; this file chooses."""

from __future__ import annotations

from . import ambient, layout, switch
from .page import Entry, Page, walk
from .parameters import Parameters
from .pure import CounterCell, GaugeCell, HistogramCell, Span, SummaryCell, TraceContext, form, wrap
from .site import Site, Source
from .span import SpanBase, current_span, sample_with

TWIN = "pure"
"""Which twin is in use; the compiled one will be chosen here unless `TELEMETRY_PURE=1` forbids it."""

__all__ = (
    "TWIN",
    "CounterCell",
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
    "current_span",
    "form",
    "layout",
    "sample_with",
    "switch",
    "walk",
    "wrap",
)
