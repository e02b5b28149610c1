"""The hot path: every measurement passes here. Two twins with one behaviour; `twin` chooses."""

from . import ambient, extent, ids, layout, protobuf, reading, switch, twin, undecided
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
    TWIN,
    CounterCell,
    DropIn,
    GaugeCell,
    LabelMemo,
    Span,
    begin,
    callable_type,
    current_span,
    nowhere,
    opener,
    ready,
    walk_records,
    wrap,
)
from .values import clean, label, read, text

__all__ = (
    "REASON",
    "TWIN",
    "Chunk",
    "CounterCell",
    "Details",
    "DropIn",
    "Entry",
    "GaugeCell",
    "LabelMemo",
    "Page",
    "Parameters",
    "Region",
    "Ring",
    "Site",
    "Source",
    "Span",
    "TraceContext",
    "ambient",
    "begin",
    "callable_type",
    "clean",
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
    "sample_with",
    "switch",
    "text",
    "twin",
    "undecided",
    "walk",
    "walk_records",
    "wrap",
)
