"""How far the measurements of a window are from a stored baseline, and whether that is tolerable."""

from __future__ import annotations

from .baseline import Baseline, Scope, Window, capture, read_baseline, write_baseline
from .comparison import Cell, Checkpoint, Comparison, Verdict
from .publishing import publish
from .report import Terms, VarianceReport, compare
from .row import ROWS, Row, read_row
from .timing import read_duration, read_moment, read_window, written

__all__ = (
    "ROWS",
    "Baseline",
    "Cell",
    "Checkpoint",
    "Comparison",
    "Row",
    "Scope",
    "Terms",
    "VarianceReport",
    "Verdict",
    "Window",
    "capture",
    "compare",
    "publish",
    "read_baseline",
    "read_duration",
    "read_moment",
    "read_row",
    "read_window",
    "write_baseline",
    "written",
)
