"""The hot path: every measurement passes here. Two twins with one behaviour; `twin` chooses."""

from __future__ import annotations

from . import ambient, layout, protobuf, switch
from .ambient import sample_with
from .attribute import TAG as ATTRIBUTE_TAG
from .cells import quantile
from .details import Details
from .form import form
from .ids import new_span_id, new_trace_id
from .page import Entry, Page, walk
from .parameters import Parameters
from .protobuf import RUNNING_ATTRIBUTE
from .ring import Ring
from .segment import Chunk
from .site import Site, Source
from .tracecontext import SpanBase, TraceContext
from .twin import (
    REASON,
    TWIN,
    CounterCell,
    DropIn,
    ExponentialHistogramCell,
    GaugeCell,
    HistogramCell,
    LabelMemo,
    Span,
    SummaryCell,
    begin,
    callable_type,
    current_span,
    nowhere,
    opener,
    wrap,
)
from .twin import SpanBase as TwinSpanBase
from .values import clean, label, read, text

__all__ = (
    "ATTRIBUTE_TAG",
    "REASON",
    "RUNNING_ATTRIBUTE",
    "TWIN",
    "Chunk",
    "CounterCell",
    "Details",
    "DropIn",
    "Entry",
    "ExponentialHistogramCell",
    "GaugeCell",
    "HistogramCell",
    "LabelMemo",
    "Page",
    "Parameters",
    "Ring",
    "Site",
    "Source",
    "Span",
    "SpanBase",
    "SummaryCell",
    "TraceContext",
    "TwinSpanBase",
    "ambient",
    "begin",
    "callable_type",
    "clean",
    "current_span",
    "form",
    "label",
    "layout",
    "new_span_id",
    "new_trace_id",
    "nowhere",
    "opener",
    "protobuf",
    "quantile",
    "read",
    "sample_with",
    "switch",
    "text",
    "walk",
    "wrap",
)
