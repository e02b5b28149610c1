"""What a metric did in one hour of one region, kept so that hours can be put together again.

Hours are the units of comparison: days have a shape, so hours are compared with the same hours of other days, and the
interval of a figure follows from how much its hours differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Any, Final, final

from telemetry.operations.history import Sample, Series
from telemetry.signals import MetricKind

from .row import Statistic

REGION: Final = "host_region"
_MOST_VALUES: Final = 120
_HOUR: Final = 3600


@final
@dataclass(slots=True)
class Block:
    """One hour, or less of a short window.

    Attributes:
        at_s: When it begins.
        seconds: How long it is.
        count: How many observations, or samples of a gauge, were made.
        total: Their sum; of a counter how much it rose.
        buckets: Of a histogram, how many observations were at most each upper bound.
        values: Of a gauge, its values, thinned to 120.
    """

    at_s: float
    seconds: float
    region: str
    count: float = 0.0
    total: float = 0.0
    buckets: dict[float, float] = field(default_factory=dict)
    values: list[float] = field(default_factory=list)

    @property
    def hour(self) -> int:
        """The hour of the day, in UTC."""
        return int(self.at_s // _HOUR) % 24

    def document(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        buckets = {"+Inf" if bound == inf else repr(bound): count for bound, count in self.buckets.items()}
        made = {"at": self.at_s, "seconds": self.seconds, "region": self.region, "count": self.count}
        return {**made, "total": self.total, "buckets": buckets, "values": self.values}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Block:
        """Read what `document` gave; raises what a wrong document makes Python raise."""
        numbers = [float(document[name]) for name in ("at", "seconds", "count", "total")]
        if any(each != each or each in (inf, -inf) for each in numbers):  # noqa: PLR0124  # NaN differs from itself
            raise ValueError("a block with a number that is none")
        buckets = {float(bound): float(count) for bound, count in document["buckets"].items()}
        at_s, seconds, count, total = numbers
        values = [float(each) for each in document["values"]]
        return cls(at_s, seconds, str(document["region"]), count, total, buckets, values)


def blocks_of(series: Iterable[Series], kind: MetricKind, start_s: float, end_s: float, seconds: float) -> list[Block]:
    """Divide what series did into blocks, by region.

    Samples before the start say from where counters rise in the first block.
    """
    found: dict[tuple[float, str], Block] = {}
    for each in series:
        region = each.labels.get(REGION, "")
        steps = _readings(each.samples) if kind == "gauge" else _rises(each.samples)
        for step in steps:
            if start_s <= step.time_s < end_s if kind == "gauge" else start_s < step.time_s <= end_s:
                floor = _floor(step.time_s, seconds, kind)
                at_s = max(floor, start_s)
                block = found.setdefault((at_s, region), Block(at_s, min(floor + seconds, end_s) - at_s, region))
                _put(block, step, kind)
    for block in found.values():
        block.values = _thinned(block.values)
    return [found[key] for key in sorted(found)]


def by_hour(blocks: Iterable[Block]) -> list[Block]:
    """Put blocks together that are of one hour and region."""
    found: dict[tuple[float, str], Block] = {}
    for each in blocks:
        key = (each.at_s // _HOUR * _HOUR, each.region)
        whole = found.setdefault(key, Block(key[0], 0.0, each.region))
        whole.seconds += each.seconds
        whole.count += each.count
        whole.total += each.total
        whole.values = _thinned([*whole.values, *each.values])
        for bound, count in each.buckets.items():
            whole.buckets[bound] = whole.buckets.get(bound, 0.0) + count
    return [found[key] for key in sorted(found)]


def _floor(time_s: float, seconds: float, kind: MetricKind) -> float:
    """Give the start of the block of a moment; what rose until exactly a full hour belongs to the hour before."""
    blocks = time_s // seconds
    return (blocks - 1 if kind != "gauge" and blocks * seconds == time_s else blocks) * seconds


def _readings(samples: Sequence[Sample]) -> Iterator[Sample]:
    return iter(samples)


def _rises(samples: Sequence[Sample]) -> Iterator[Sample]:
    """Give how much a series rose at each sample; one that fell was begun anew, and rose from 0."""
    for before, after in pairwise(samples):
        is_new = after.count < before.count or (not before.count and after.value < before.value)
        if is_new:
            yield after
        else:
            buckets = {bound: count - before.buckets.get(bound, 0.0) for bound, count in after.buckets.items()}
            yield Sample(after.time_s, after.value - before.value, after.count - before.count, buckets)


def _put(block: Block, step: Sample, kind: MetricKind) -> None:
    block.total += step.value
    if kind == "gauge":
        block.count += 1
        block.values.append(step.value)
        return
    block.count += step.value if kind == "counter" else step.count
    for bound, count in step.buckets.items():
        block.buckets[bound] = block.buckets.get(bound, 0.0) + count


def _thinned(values: list[float]) -> list[float]:
    if len(values) <= _MOST_VALUES:
        return values
    ordered = sorted(values)
    return [ordered[int((index + 0.5) * len(ordered) / _MOST_VALUES)] for index in range(_MOST_VALUES)]


Weighted = Sequence[tuple[float, Block]]


def figure(blocks: Weighted, statistic: Statistic) -> float | None:
    """Give a statistic of blocks that count with their weights; None where it does not follow from them."""
    count = sum(weight * block.count for weight, block in blocks)
    if statistic == "count":
        seconds = sum(weight * block.seconds for weight, block in blocks)
        return count / seconds * _HOUR if seconds else None
    if not count > 0:
        return None
    if statistic in ("mean", "ratio"):
        return sum(weight * block.total for weight, block in blocks) / count
    share = {"p50": 0.5, "p95": 0.95}[statistic]
    if any(block.buckets for _, block in blocks):
        return _of_buckets(blocks, share)
    return _of_values(blocks, share)


def _of_buckets(blocks: Weighted, share: float) -> float | None:
    """Find a quantile within its bucket by a straight line, as Prometheus' `histogram_quantile` does."""
    sums: dict[float, float] = {}
    for weight, block in blocks:
        for bound, count in block.buckets.items():
            sums[bound] = sums.get(bound, 0.0) + weight * count
    rank = share * sums.get(inf, 0.0)
    low, below = 0.0, 0.0
    for bound in sorted(sums):
        if sums[bound] >= rank and sums[bound] > below:
            return low if bound == inf else low + (bound - low) * (rank - below) / (sums[bound] - below)
        low, below = bound, sums[bound]
    return None


def _of_values(blocks: Weighted, share: float) -> float | None:
    pairs = [(value, weight * block.count / len(block.values)) for weight, block in blocks for value in block.values]
    if not pairs:
        return None
    pairs.sort()
    rank, passed = share * sum(weight for _, weight in pairs), 0.0
    for value, weight in pairs:
        passed += weight
        if passed >= rank:
            return value
    return pairs[-1][0]
