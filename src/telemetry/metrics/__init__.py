"""Metrics: instruments of the registry, their cells in pages, and the families that are read back."""

from __future__ import annotations

from .collect import collect
from .execution import ExecutionMetrics
from .instruments import Instrument
from .pages import Pages
from .uses import SiteMetrics, Use

__all__ = ("ExecutionMetrics", "Instrument", "Pages", "SiteMetrics", "Use", "collect")
