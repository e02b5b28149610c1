"""Hold the series that were recorded against the limits: how many, by which labels, what overflowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, final

from telemetry.contracts import CODES, OVERFLOW_ATTRIBUTE, Finding, MetricContract, Registry, is_overflow
from telemetry.signals import Distribution, MetricKind, Quantiles

from .shown import shown_name

NEARLY_FULL: Final = 0.8
"""The part of its limit from which on a metric is told to be nearly full."""

_EXPOSED_ATTRIBUTE: Final = OVERFLOW_ATTRIBUTE.replace(".", "_")
_REMEDIES: Final = {
    "TC302": "close the label, list its known values in 'reserved', or raise 'cardinality'",
    "TC303": "look at the label with most values, and who gives them",
}


class Exposed(Protocol):
    """A series, as a source shows it."""

    @property
    def names(self) -> tuple[str, ...]:
        """What a contract may call its metric; the first is what the source says."""

    @property
    def kind(self) -> MetricKind | None:
        """The kind; None where the source does not say."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""

    @property
    def value(self) -> float | Distribution | Quantiles | None:
        """What was recorded under it; None where no value can be read."""

    @property
    def is_overflow(self) -> bool:
        """Whether the source says that it takes what lies past a limit."""

    @property
    def fits(self) -> bool:
        """Whether its contract, if it has one, tells what its labels are called."""


@final
@dataclass(frozen=True, slots=True)
class Usage:
    """What one metric has of its series in one environment.

    Attributes:
        series: The series that are no overflow series.
        limit: The most that it may have.
        has_overflowed: Whether an overflow series is there.
        overflow_ratio: The part of its observations (of a counter, of its sum) that overflowed; None of a gauge.
        labels: Label to the number of its distinct values, the greatest first.
    """

    metric: str
    environment: str
    series: int
    limit: int
    has_overflowed: bool
    overflow_ratio: float | None
    labels: Mapping[str, int]

    @property
    def fullness(self) -> float:
        """The part of the limit that is used."""
        return self.series / self.limit

    def findings(self, source: str) -> Sequence[Finding]:
        """Say what is wrong with it; `source` is where it was seen."""
        most = next(iter(self.labels.items()), None)
        cause = f"; most values has {most[0]!r}: {most[1]}" if most else ""
        used = f"{self.metric} has {self.series} series of {self.limit} ({self.environment or 'any environment'})"
        found = []
        if self.has_overflowed:
            part = "" if self.overflow_ratio is None else f", with {self.overflow_ratio:.1%} of what was recorded"
            found.append(("TC302", f"{used} and an overflow series{part}{cause}"))
        if self.series > self.limit:
            found.append(("TC303", f"{used}{cause}"))
        elif self.fullness >= NEARLY_FULL and not self.has_overflowed and most and most[1] > 1:
            found.append(("TC304", f"{used}{cause}"))
        return [
            Finding(
                code, CODES[code].level, source, f"/{self.metric}", problem, _REMEDIES.get(code, CODES[code].remedy)
            )
            for code, problem in found
        ]


@final
@dataclass(slots=True)
class _Tally:
    """What was seen of one metric in one environment."""

    contract: MetricContract | None
    combinations: set[tuple[tuple[str, str], ...]] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    has_overflowed: bool = False
    amount: float = 0.0
    overflowed: float = 0.0
    is_countable: bool = True

    def take(self, sample: Exposed, labels: Mapping[str, str]) -> None:
        amount = _amount(sample)
        self.is_countable = self.is_countable and amount is not None
        self.amount += amount or 0.0
        if _overflows(sample):
            self.has_overflowed = True
            self.overflowed += amount or 0.0
            return
        self.combinations.add(tuple(sorted(labels.items())))
        for label, value in labels.items():
            self.values.setdefault(label, set()).add(value)

    def usage(self, metric: str, environment: str, limit: int) -> Usage:
        ratio = self.overflowed / self.amount if self.is_countable and self.amount else None
        counts = {shown_name(label): len(values) for label, values in self.values.items()}
        ordered = dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
        metric, environment = shown_name(metric), shown_name(environment)
        return Usage(metric, environment, len(self.combinations), limit, self.has_overflowed, ratio, ordered)


def usages(samples: Iterable[Exposed], registry: Registry, environment: str, *, only: bool = False) -> list[Usage]:
    """Count the series of each metric, the fullest first; those that overflowed before all others.

    A series is counted by the labels of its contract: what a Prometheus adds to them, such as `instance`, makes no
    other one. A metric without contract has the limit of foreign ones. Names and values are shown without credentials.

    Args:
        samples: The series.
        registry: The contracts, with the limits.
        environment: Where series are that do not say it by a label.
        only: Whether the limits of that environment hold for all series.
    """
    tallies: dict[tuple[str, str], _Tally] = {}
    for sample in samples:
        contract = next((registry.metrics[name] for name in sample.names if name in registry.metrics), None)
        given = sample.labels
        labels = (
            given if contract is None or not sample.fits else {name: given.get(name, "") for name in contract.labels}
        )
        place = environment if only else given.get("environment", environment)
        key = (contract.name if contract else sample.names[0], place)
        tallies.setdefault(key, _Tally(contract)).take(sample, labels)
    found = [
        each.usage(name, place, registry.limit_of(each.contract, place) if each.contract else registry.foreign_limit)
        for (name, place), each in tallies.items()
    ]
    return sorted(found, key=lambda each: (not each.has_overflowed, -each.fullness, each.metric, each.environment))


def _overflows(sample: Exposed) -> bool:
    return sample.is_overflow or is_overflow(sample.labels.values()) or _EXPOSED_ATTRIBUTE in sample.labels


def _amount(sample: Exposed) -> float | None:
    value = sample.value
    if isinstance(value, Distribution | Quantiles):
        return value.count
    return value if sample.kind == "counter" and value is not None and value >= 0 else None
