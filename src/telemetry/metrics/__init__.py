"""Metrics: instruments of the registry, their cells in pages, and the families that are read back."""

from __future__ import annotations

from .collect import collect
from .execution import ExecutionMetrics
from .instruments import Instrument
from .merge import MergedPages, Part, Rule, parts_of
from .merged import MergedMetrics
from .pages import Pages
from .uses import SiteMetrics, Use

__all__ = (
    "ExecutionMetrics",
    "Instrument",
    "MergedMetrics",
    "MergedPages",
    "Pages",
    "Part",
    "Rule",
    "SiteMetrics",
    "Use",
    "collect",
    "parts_of",
)
