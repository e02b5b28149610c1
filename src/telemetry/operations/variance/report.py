"""Compare a window with a baseline at its checkpoints, all regions together and each alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Final, final

from telemetry.contracts import Registry
from telemetry.errors import ConfigurationError
from telemetry.operations.history import History

from .baseline import Baseline, Scope, Window, capture, registry_hash
from .block import by_hour
from .comparison import LEAST_SAMPLES, Comparing, Comparison, Verdict
from .row import Row

_HOUR: Final = 3600.0
_LONG: Final = 6 * _HOUR


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """How strictly is compared.

    Attributes:
        rows: What is compared.
        checkpoints: Hours after the start of the window; each is about the time since the one before.
        allow_missing: Whether rows without enough data are left out of the verdict.
        least_samples: How many observations are enough.
    """

    rows: Sequence[Row]
    checkpoints: Sequence[float] = ()
    allow_missing: bool = False
    least_samples: int = LEAST_SAMPLES


@final
@dataclass(frozen=True, slots=True)
class VarianceReport:
    """Everything that came out.

    Attributes:
        comparisons: Of all regions together first, then of each by itself.
        problems: What was left out of the samples, and why.
    """

    comparisons: Sequence[Comparison]
    window: Window
    scope: Scope
    problems: Sequence[str]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the last checkpoints: what was bad and has become good again does not count."""
        order: tuple[Verdict, ...] = ("breach", "not enough data", "drifts", "ok")
        last = {each.checkpoints[-1].verdict for each in self.comparisons}
        return next(each for each in order if each in last)

    def document(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "verdict": self.verdict,
            "window": asdict(self.window),
            "scope": asdict(self.scope),
            "problems": list(self.problems),
            "regions": [_comparison(each) for each in self.comparisons],
        }


def compare(
    baseline: Baseline, history: History, registry: Registry, window: Window, terms: Terms, *, now_s: float
) -> VarianceReport:
    """Compare a window with a baseline.

    Raises:
        ConfigurationError: A row is not in the baseline, or a checkpoint not in the window.
        HistoryError: The source cannot be read.
    """
    rows = terms.rows
    if lacking := sorted({row.metric for row in rows} - baseline.blocks.keys()):
        raise ConfigurationError(f"the baseline lacks {', '.join(lacking)}: capture it with these metrics")
    ends = [window.start_s + _HOUR * hours for hours in terms.checkpoints] or [window.end_s]
    periods = [Window(start, end) for start, end in pairwise([window.start_s, *ends])]
    if any(each.seconds <= 0 for each in periods) or ends[-1] > window.end_s:
        raise ConfigurationError("checkpoints have to rise, and to be within the window")
    seconds = min(each.block_seconds for each in periods)
    measured = capture(
        history, registry, rows, Window(window.start_s, ends[-1]), baseline.scope, now_s=now_s, block_seconds=seconds
    )
    regions = sorted({block.region for blocks in baseline.blocks.values() for block in blocks if block.region})
    found = [
        _compared(baseline, measured, periods, terms, region)
        for region in (None, *(regions if len(regions) > 1 else ()))
    ]
    problems = [*baseline.problems, *measured.problems]
    if baseline.registry != registry_hash(registry):
        problems.append("the registry has changed since the baseline; the metrics that are compared have not")
    return VarianceReport(found, window, baseline.scope, list(dict.fromkeys(problems)))


def _compared(
    baseline: Baseline, measured: Baseline, periods: Sequence[Window], terms: Terms, region: str | None
) -> Comparison:
    rows = [
        row
        for row in terms.rows
        if region is None or any(block.region == region for block in baseline.blocks.get(row.metric, ()))
    ]
    comparing = Comparing(baseline, rows, terms.allow_missing, terms.least_samples, region)
    for period in periods:
        hours = (period.end_s - periods[0].start_s) / _HOUR
        comparing.take(hours, _part(measured, period))
    return comparing.finished()


def _part(measured: Baseline, period: Window) -> Baseline:
    blocks = {
        name: [block for block in found if period.start_s <= block.at_s < period.end_s]
        for name, found in measured.blocks.items()
    }
    if period.seconds >= _LONG:
        blocks = {name: by_hour(found) for name, found in blocks.items()}
    return replace(measured, window=period, blocks=blocks)


def _comparison(comparison: Comparison) -> dict[str, Any]:
    rows = [
        {
            "metric": row.metric,
            "statistic": row.statistic,
            "target": f"{row.relation}{row.target:g}" if row.relation else None,
            "trend": asdict(trend) if trend else None,
            "checkpoints": [{"hours": each.hours, **asdict(each.cells[index])} for each in comparison.checkpoints],
        }
        for index, (row, trend) in enumerate(zip(comparison.rows, comparison.trends, strict=True))
    ]
    overall = [
        {"hours": each.hours, "mean": each.mean, "overall": each.overall, "verdict": each.verdict, "level": each.level}
        for each in comparison.checkpoints
    ]
    trend = asdict(comparison.trend) if comparison.trend else None
    return {"region": comparison.region, "overall": overall, "trend": trend, "rows": rows}
