"""Tell for metrics that are about to go whether anybody writes to them.

While a rename is under way, what is written to the new name shows under the old one too. So that the old name has
series says nothing; the counter of its writes does (`telemetry.contracts.counter_name`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import final

from telemetry.contracts import LEAVING, MetricContract, Registry, aliases, counter_name

from .finding import Breach
from .metrics import outdated
from .recording import Sample


@final
@dataclass(slots=True)
class _Seen:
    """What was seen of one metric that is about to go: its series, and the counter of its writes."""

    example: str = ""
    series: int = 0
    counters: int = 0
    writes: float = 0.0


@final
class Leaving:
    """Collects the series of metrics that are about to go, and of the counters of their writes.

    Args:
        registry: The contracts.
    """

    __slots__ = ("_counted", "_metrics", "_others", "_seen")

    def __init__(self, registry: Registry) -> None:
        self._metrics = {name: each for name, each in registry.metrics.items() if each.stability in LEAVING}
        self._counted = {counter_name(name): name for name in self._metrics}
        known = aliases(registry.metrics) if self._metrics else {}
        self._others = {name: [each.name for each in known.get(name, ())] for name in self._metrics}
        self._seen: dict[str, _Seen] = {}

    def take(self, contract: MetricContract, sample: Sample, example: str) -> None:
        """Take a series; of most metrics it keeps nothing."""
        if contract.name in self._counted:
            seen = self._seen.setdefault(self._counted[contract.name], _Seen())
            seen.counters += 1
            seen.writes += sample.value if isinstance(sample.value, int | float) and sample.value > 0 else 0.0
            seen.example = seen.example or example
        elif contract.name in self._metrics:
            seen = self._seen.setdefault(contract.name, _Seen())
            seen.example = seen.example if seen.series else example
            seen.series += 1

    def breaches(self, recorded: Collection[str]) -> Iterator[tuple[str, str, list[Breach]]]:
        """Give each metric that is written to, with an example, and a breach for each series.

        Args:
            recorded: The names of all metrics that have a series.
        """
        for name, seen in self._seen.items():
            if self._is_written(name, seen, recorded):
                yield name, seen.example, list(outdated(self._metrics[name])) * max(seen.series, 1)

    def _is_written(self, name: str, seen: _Seen, recorded: Collection[str]) -> bool:
        """Tell by the counter, or where the source has none, by whether the series may come from the new name."""
        if seen.counters:
            return seen.writes > 0
        return not any(other in recorded for other in self._others[name])
