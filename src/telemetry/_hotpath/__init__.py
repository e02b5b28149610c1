"""The hot path: every measurement passes here. Two twins with one behaviour; this file chooses."""

from __future__ import annotations

from . import ambient, layout, protobuf, switch
from .cells import quantile
from .page import Entry, Page, walk
from .parameters import Parameters
from .pure import CounterCell, GaugeCell, HistogramCell, Span, SummaryCell, TraceContext, form, wrap
from .site import Site, Source
from .ring import Chunk, Ring
from .span import begin, current_span, write
from .details import Details
from .ambient import sample_with
from .protobuf import RUNNING_ATTRIBUTE
from .tracecontext import SpanBase
from .values import clean, label, read, text

TWIN = "pure"
"""Which twin is in use; the compiled one will be chosen here unless `TELEMETRY_PURE=1` forbids it."""

__all__ = (
    "TWIN",
    "CounterCell",
    "Chunk",
    "Details",
    "Entry",
    "GaugeCell",
    "HistogramCell",
    "Page",
    "Parameters",
    "RUNNING_ATTRIBUTE",
    "Ring",
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
    "label",
    "layout",
    "protobuf",
    "quantile",
    "read",
    "sample_with",
    "switch",
    "text",
    "walk",
    "wrap",
)
