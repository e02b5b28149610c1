"""What was measured between two moments, whoever kept it: an engine, journals, a bundle, or files."""

from __future__ import annotations

from .opening import open_history
from .problem import HistoryError
from .sample import History, Query, Reading, Sample, Series
from .sanity import cleaned

__all__ = ("History", "HistoryError", "Query", "Reading", "Sample", "Series", "cleaned", "open_history")
