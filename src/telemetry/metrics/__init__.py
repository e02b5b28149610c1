"""Metrics: instruments of the registry, their cells in pages, and the families that are read back."""

from __future__ import annotations

from telemetry.door import deferred as _deferred

from .collect import collect
from .execution import ExecutionMetrics
from .instruments import Instrument
from .pages import Pages
from .uses import SiteMetrics, Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .merge import MergedPages, Part, Rule, parts_of
    from .merged import MergedMetrics
else:
    __getattr__ = _deferred(__name__, merge="MergedPages Part Rule parts_of", merged="MergedMetrics")

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
