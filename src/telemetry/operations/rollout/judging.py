"""Judge a rollout by the variance of a source against the baseline before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import final

from telemetry.contracts import Registry
from telemetry.operations.history import History
from telemetry.operations.variance import (
    ROWS,
    Row,
    Scope,
    Terms,
    Window,
    capture,
    compare,
    read_baseline,
    write_baseline,
)


@final
class HistoryJudge:
    """Compares windows of a source with the baseline, which it keeps in a file."""

    __slots__ = ("_history", "_path", "_registry", "_rows")

    def __init__(self, history: History, registry: Registry, path: Path, rows: Sequence[Row] = ROWS) -> None:
        self._history = history
        self._registry = registry
        self._path = path
        self._rows = rows

    def capture(self, start_s: float, end_s: float) -> None:
        """Keep the baseline of a window."""
        window = Window(start_s, end_s)
        made = capture(self._history, self._registry, self._rows, window, Scope(), now_s=end_s)
        write_baseline(made, self._path)

    def verdict(self, start_s: float, end_s: float, now_s: float) -> str:
        """Give the verdict over a window."""
        baseline = read_baseline(self._path, self._registry)
        terms, window = Terms(self._rows, least_samples=10), Window(start_s, end_s)
        return compare(baseline, self._history, self._registry, window, terms, now_s=now_s).verdict
