"""Compare windows with a baseline, row by row, and say how it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, final

from .baseline import Baseline, Window
from .block import Block, Weighted, figure
from .chance import Trend, interval, trend
from .row import Row

Level = Literal["", "info", "warning", "critical"]
Verdict = Literal["ok", "drifts", "breach", "not enough data"]

TOLERANCE: Final = 0.05
LEVELS: Final[tuple[tuple[float, Level], ...]] = ((0.06, "critical"), (0.04, "warning"), (0.03, "info"))
SMOOTHING: Final = 0.15
LEAST_SAMPLES: Final = 30
_LEAST_COVERED: Final = 0.8


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """A row at a checkpoint.

    Attributes:
        base: The figure of the baseline, at the same hours of the day; None where it has none.
        value: The figure of the window; None where it has none.
        change: By which share the value differs from the base; None where that cannot be told.
        low: The lower end of the 95 % interval of the change; None where there are too few hours for one.
        high: The upper end.
        samples: How many observations the window has.
        reason: Why there is not enough data; empty where there is.
    """

    verdict: Verdict
    base: float | None = None
    value: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    level: Level = ""
    samples: float = 0.0
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All rows at one moment.

    Attributes:
        hours: How long after the start it is.
        mean: By how much the rows are worse on average, each counting the same; None where a row has no figure.
        overall: The same, smoothed over the checkpoints.
    """

    hours: float
    cells: Sequence[Cell]
    mean: float | None
    overall: float | None
    verdict: Verdict
    level: Level


@final
@dataclass(frozen=True, slots=True)
class Comparison:
    """What came out, of all regions or of one.

    Attributes:
        region: Empty for all.
        trend: Of the overall figure.
        trends: Of each row.
    """

    region: str
    rows: Sequence[Row]
    checkpoints: Sequence[Checkpoint]
    trend: Trend | None
    trends: Sequence[Trend | None]

    @property
    def verdict(self) -> Verdict:
        """The worst of all checkpoints."""
        return _worst([each.verdict for each in self.checkpoints])


@final
@dataclass(slots=True)
class Comparing:
    """Compares one region.

    Args:
        allow_missing: Whether rows without data are left out of the verdict, and of the average.
    """

    baseline: Baseline
    rows: Sequence[Row]
    allow_missing: bool = False
    least_samples: int = LEAST_SAMPLES
    region: str | None = None
    _checkpoints: list[Checkpoint] = field(default_factory=list)

    def take(self, hours: float, measured: Baseline) -> None:
        """Take a window that ends so many hours after the start."""
        cells = [self._cell(row, measured) for row in self.rows]
        worse = [row.sign * cell.change for row, cell in zip(self.rows, cells, strict=True) if cell.change is not None]
        is_whole = bool(worse) and (self.allow_missing or len(worse) == len(cells))
        mean = sum(worse) / len(worse) if is_whole else None
        last = next((each.overall for each in reversed(self._checkpoints) if each.overall is not None), None)
        overall = mean if mean is None or last is None else SMOOTHING * mean + (1 - SMOOTHING) * last
        largest = max(abs(mean or 0.0), abs(overall or 0.0))
        verdicts = [cell.verdict for cell in cells if not (self.allow_missing and cell.verdict == "not enough data")]
        verdicts.append("not enough data" if mean is None else "breach" if largest > TOLERANCE else "ok")
        self._checkpoints.append(Checkpoint(hours, cells, mean, overall, _worst(verdicts), level_of(largest)))

    def finished(self) -> Comparison:
        """Give the comparison, with the trend through its checkpoints."""
        overall = [(each.hours, each.overall) for each in self._checkpoints if each.overall is not None]
        rows = range(len(self.rows))
        trends = [
            trend(
                [(each.hours, change) for each in self._checkpoints if (change := each.cells[row].change) is not None]
            )
            for row in rows
        ]
        return Comparison(self.region or "", self.rows, self._checkpoints, trend(overall), trends)

    def _cell(self, row: Row, measured: Baseline) -> Cell:
        now = self._of_region(measured, row.metric)
        base = self._base(row.metric, measured, now)
        samples = sum(block.count for block in now)
        if reason := self._lack(base, now, measured.window, samples):
            return Cell("not enough data", samples=samples, reason=reason)
        weighted = [(1.0, block) for block in now]
        before, value = figure(base, row.statistic), figure(weighted, row.statistic)
        change = _change(before, value)
        if before is None or value is None or change is None:
            reason = "the baseline is 0" if before == 0 else f"it has no {row.statistic}"
            return Cell("not enough data", before, value, samples=samples, reason=reason)

        def changed(base: Weighted, now: Weighted) -> float | None:
            return _change(figure(base, row.statistic), figure(now, row.statistic))

        low, high = interval(base, now, changed, str(row)) or (None, None)
        return Cell(_judged(row, value, change), before, value, change, low, high, level_of(change), samples)

    def _lack(self, base: Weighted, now: Sequence[Block], window: Window, samples: float) -> str:
        if not now:
            return "no samples in the window"
        if not base:
            return "no samples in the baseline at these hours of the day"
        if samples < self.least_samples:
            return f"{samples:g} observations, at least {self.least_samples} are needed"
        expected = max(round(window.seconds / window.block_seconds), 1)
        covered = len({block.at_s for block in now}) / expected
        if covered < _LEAST_COVERED:
            return f"samples in {covered:.0%} of the window, at least {_LEAST_COVERED:.0%} are needed"
        return self._lack_of_base(base, now)

    def _lack_of_base(self, base: Weighted, now: Sequence[Block]) -> str:
        if self.baseline.is_aligned:
            hours = {block.hour for _, block in base}
            matched = sum(block.hour in hours for block in now) / len(now)
            if matched < _LEAST_COVERED:
                return f"the baseline has {matched:.0%} of these hours of the day"
        elif sum(block.count for _, block in base) < self.least_samples:
            return f"the baseline has fewer than {self.least_samples} observations"
        return ""

    def _of_region(self, measured: Baseline, metric: str) -> list[Block]:
        found = measured.blocks.get(metric, ())
        return [block for block in found if self.region is None or block.region == self.region]

    def _base(self, metric: str, measured: Baseline, now: Sequence[Block]) -> list[tuple[float, Block]]:
        """Give the blocks of the baseline, each hour of the day with the weight that it has in the window."""
        base = self._of_region(self.baseline, metric)
        if not self.baseline.is_aligned:
            return [(1.0, block) for block in base]
        hours = [block.hour for block in now]
        there = [block.hour for block in base]
        return [(hours.count(block.hour) / there.count(block.hour), block) for block in base if block.hour in hours]


def level_of(change: float) -> Level:
    """Give how loud a change is, whichever way it goes."""
    return next((level for least, level in LEVELS if abs(change) > least), "")


def _judged(row: Row, value: float, change: float) -> Verdict:
    if not row.meets(value):
        return "breach"
    if abs(change) <= TOLERANCE:
        return "ok"
    return "drifts" if row.relation else "breach"


def _change(base: float | None, value: float | None) -> float | None:
    return None if not base or value is None else (value - base) / abs(base)


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    order: tuple[Verdict, ...] = ("breach", "not enough data", "drifts", "ok")
    return next((each for each in order if each in verdicts), "not enough data")
