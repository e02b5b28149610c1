"""How much of the contracts was seen: metrics, spans and events, and what belongs to those that were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, final, get_args

from telemetry.contracts import MetricContract, Registry
from telemetry.signals import LogRecord, SpanRecord

Signal = Literal["metrics", "spans", "events"]

SIGNALS: Final[tuple[Signal, ...]] = get_args(Signal)


@final
@dataclass(frozen=True, slots=True)
class Share:
    """How many of something that contracts declare were seen.

    Attributes:
        missing: The rest, in the order of the registry.

    >>> Share(1, ("b", "c")).percent
    33.3
    """

    seen: int
    missing: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many there are."""
        return self.seen + len(self.missing)

    @property
    def percent(self) -> float:
        """The share in per cent, to one decimal; 100 of nothing."""
        return round(100 * self.seen / self.total, 1) if self.total else 100.0


@final
class Coverage:
    """Counts what was seen of a registry.

    Attributes:
        counts: By `metrics`, `spans` and `events`: how often each name of a contract was seen.
    """

    __slots__ = ("_attributes", "_fields", "_registry", "_values", "counts")

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.counts: dict[str, Counter[str]] = {kind: Counter() for kind in SIGNALS}
        self._attributes: set[tuple[str, str]] = set()
        self._fields: set[tuple[str, str]] = set()
        self._values: set[tuple[str, str, str]] = set()

    def span(self, name: str, span: SpanRecord) -> None:
        """Count a span of this contract."""
        self.counts["spans"][name] += 1
        self._attributes.update((name, key) for key in self._registry.spans[name].attributes.keys() & span.attributes)

    def series(self, contract: MetricContract, labels: Mapping[str, str]) -> None:
        """Count a series."""
        self.counts["metrics"][contract.name] += 1
        for label in contract.values.keys() & labels:
            if labels[label] in contract.values[label]:
                self._values.add((contract.name, label, labels[label]))

    def line(self, record: LogRecord) -> None:
        """Count a line of an event."""
        self.counts["events"][record.event] += 1
        self._fields.update(
            (record.event, key) for key in self._registry.events[record.event].fields.keys() & record.fields
        )

    def shares(self, signals: Sequence[Signal] = SIGNALS) -> dict[str, Share]:
        """Give the share of each signal that the source has, and of all of them together as `contracts`.

        `attributes`, `fields` and `label_values` are of the spans, events and closed labels of metrics that were seen.
        """
        names = {"metrics": self._metrics(), "spans": self._registry.spans, "events": self._registry.events}
        shares: dict[str, Share] = {kind: _share(names[kind], self.counts[kind]) for kind in signals}
        whole = Share(
            sum(each.seen for each in shares.values()), tuple(name for each in shares.values() for name in each.missing)
        )
        return {"contracts": whole, **shares, **self._details()}

    def _metrics(self) -> list[str]:
        """Give the metrics that somebody records; the registry adds others, which count their uses."""
        return [name for name, contract in self._registry.metrics.items() if not contract.counts]

    def _details(self) -> dict[str, Share]:
        spans, events, metrics = (self.counts[kind] for kind in ("spans", "events", "metrics"))
        attributes = [(name, key) for name in spans for key in self._registry.spans[name].attributes]
        fields = [(name, key) for name in events for key in self._registry.events[name].fields]
        values = [
            (name, label, value)
            for name in metrics
            if name in self._registry.metrics
            for label, allowed in self._registry.metrics[name].values.items()
            for value in sorted(allowed)
            if label != "environment"
        ]
        return {
            "attributes": _share(map(" ".join, attributes), map(" ".join, self._attributes)),
            "fields": _share(map(" ".join, fields), map(" ".join, self._fields)),
            "label_values": _share(map(" ".join, values), map(" ".join, self._values)),
        }


def _share(declared: Iterable[str], seen: Iterable[str]) -> Share:
    known, names = set(seen), list(declared)
    return Share(sum(name in known for name in names), tuple(name for name in names if name not in known))
