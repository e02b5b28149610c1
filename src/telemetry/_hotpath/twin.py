"""Chooses the twin of the hot path, once, when it is imported: the compiled one where it was built.

`TELEMETRY_PURE=1` forces the pure one. Both have the same names and behaviour.
"""

from __future__ import annotations

from os import environ

from .drive import begin_with

TYPE_CHECKING = False

TWIN = "pure"
"""Which twin is in use: `compiled` or `pure`."""

if not TYPE_CHECKING and environ.get("TELEMETRY_PURE", "").strip().lower() not in ("1", "true"):
    try:
        from . import compiled
    except ImportError:  # it was not built, for want of a compiler, or for another interpreter
        pass
    else:
        TWIN = "compiled"

if not TYPE_CHECKING and TWIN == "compiled":
    from .compiled import (
        CounterCell,
        DropIn,
        ExponentialHistogramCell,
        GaugeCell,
        HistogramCell,
        LabelMemo,
        Segment,
        Span,
        SpanBase,
        SummaryCell,
        Tip,
        begin,
        callable_type,
        current_span,
        generate_ids,
        nowhere,
        seed_ids,
        walk,
        wrap,
    )
else:
    from .pure import (
        CounterCell,
        DropIn,
        ExponentialHistogramCell,
        GaugeCell,
        HistogramCell,
        LabelMemo,
        Segment,
        Span,
        SpanBase,
        SummaryCell,
        Tip,
        begin,
        callable_type,
        current_span,
        generate_ids,
        nowhere,
        seed_ids,
        walk,
        wrap,
    )

begin_with(begin)

__all__ = (
    "TWIN",
    "CounterCell",
    "DropIn",
    "ExponentialHistogramCell",
    "GaugeCell",
    "HistogramCell",
    "LabelMemo",
    "Segment",
    "Span",
    "SpanBase",
    "SummaryCell",
    "Tip",
    "begin",
    "callable_type",
    "current_span",
    "generate_ids",
    "nowhere",
    "seed_ids",
    "walk",
    "wrap",
)
