"""Chooses the twin of the hot path, once, when it is imported: the compiled one where it was built.

`TELEMETRY_PURE=1` forces the pure one. Both have the same names and behaviour.
"""

from __future__ import annotations

import os

from .drive import begin_with
from .tracecontext import TraceContext

TYPE_CHECKING = False

TWIN = "pure"
"""Which twin is in use: `compiled` or `pure`."""

REASON = "TELEMETRY_PURE forbids the compiled twin"
"""Why it is the pure one; empty where it is not."""

if not TYPE_CHECKING and os.environ.get("TELEMETRY_PURE", "").strip().lower() not in ("1", "true"):
    try:
        from .compiled import (
            CHECKSUM,
            CounterCell,
            DropIn,
            ExponentialHistogramCell,
            GaugeCell,
            HistogramCell,
            LabelMemo,
            OpenTable,
            Segment,
            Span,
            SpanBase,
            SummaryCell,
            Tip,
            begin,
            callable_type,
            count_records,
            crc32c,
            current_span,
            nowhere,
            opener,
            random_bits,
            ready,
            remap,
            seed_ids,
            walk_records,
            wrap,
        )
    except ImportError as error:  # it was not built, or for another interpreter or an older source
        REASON = f"the compiled twin cannot be loaded: {error}"
    else:
        TWIN, REASON = "compiled", ""

if TYPE_CHECKING or TWIN == "pure":
    from .pure import (
        CHECKSUM,
        CounterCell,
        DropIn,
        ExponentialHistogramCell,
        GaugeCell,
        HistogramCell,
        LabelMemo,
        OpenTable,
        Segment,
        Span,
        SpanBase,
        SummaryCell,
        Tip,
        begin,
        callable_type,
        count_records,
        crc32c,
        current_span,
        nowhere,
        opener,
        random_bits,
        ready,
        remap,
        seed_ids,
        walk_records,
        wrap,
    )

SPAN_BASES: tuple[type, ...] = (TraceContext.__bases__[0], SpanBase)
"""What `opentelemetry.trace.Span` is told to recognise."""

begin_with(begin)

__all__ = (
    "CHECKSUM",
    "REASON",
    "SPAN_BASES",
    "TWIN",
    "CounterCell",
    "DropIn",
    "ExponentialHistogramCell",
    "GaugeCell",
    "HistogramCell",
    "LabelMemo",
    "OpenTable",
    "Segment",
    "Span",
    "SpanBase",
    "SummaryCell",
    "Tip",
    "begin",
    "callable_type",
    "count_records",
    "crc32c",
    "current_span",
    "nowhere",
    "opener",
    "random_bits",
    "ready",
    "remap",
    "seed_ids",
    "walk_records",
    "wrap",
)
