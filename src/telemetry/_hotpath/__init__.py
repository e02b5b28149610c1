"""The hot path: every measurement passes here. Two twins with one behaviour; `twin` chooses."""

from __future__ import annotations

from . import ambient, extent, ids, layout, protobuf, reading, switch
from .ambient import sample_with
from .cells import quantile
from .decoding import decoded
from .details import Details
from .form import form
from .page import Entry, Page, walk
from .parameters import Parameters
from .region import Region
from .ring import Ring
from .segment import Chunk
from .site import Site, Source
from .tracecontext import TraceContext
from .twin import (
    REASON,
    SPAN_BASES,
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
    crc32c,
    current_span,
    nowhere,
    opener,
    ready,
    remap,
    walk_records,
    wrap,
)
from .values import clean, label, read, text

__all__ = (
    "REASON",
    "SPAN_BASES",
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
    "Region",
    "Ring",
    "Site",
    "Source",
    "Span",
    "SummaryCell",
    "TraceContext",
    "ambient",
    "begin",
    "callable_type",
    "clean",
    "crc32c",
    "current_span",
    "decoded",
    "extent",
    "form",
    "ids",
    "label",
    "layout",
    "nowhere",
    "opener",
    "protobuf",
    "quantile",
    "read",
    "reading",
    "ready",
    "remap",
    "sample_with",
    "switch",
    "text",
    "walk",
    "walk_records",
    "wrap",
)
