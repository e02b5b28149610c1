"""What an alert has to do for a value that stays: which levels fire, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from operator import ge, gt, le, lt
from typing import Final, final

from telemetry.monitoring.description.alert import Alert
from telemetry.monitoring.description.alerts import Variant
from telemetry.monitoring.description.duration import seconds
from telemetry.monitoring.description.level import SEVERITIES

from .series import reached

_PASSES: Final = {"above": gt, "below": lt, "at_most": le, "at_least": ge}
_BEYOND: Final = 0.1


@final
@dataclass(frozen=True, slots=True)
class Judges:
    """The variants that judge one series, the mildest level first."""

    alert: Alert
    variants: tuple[Variant, ...]

    def firing(self, value: float, at: int, step: int) -> Sequence[Variant]:
        """Give the variants that fire after so many seconds of a value."""
        return [each for each in self.variants if self.passes(each, value) and at >= self.fires_at(each, step)]

    def passes(self, variant: Variant, value: float) -> bool:
        """Tell whether a value passes a threshold."""
        return bool(_PASSES[self.alert.when](value, variant.level.threshold))

    def fires_at(self, variant: Variant, step: int) -> int:
        """Give the seconds after which a value that is bad from the beginning alerts, at an evaluation."""
        return self.begins(variant, step) + ceil(seconds(variant.level.hold) / step) * step

    def begins(self, variant: Variant, step: int) -> int:
        """Give the seconds after which the engine can see it: a rate needs two samples, an age has to grow."""
        query = self.alert.query
        if query is None or self.alert.counts_events or query.metric.kind == "gauge":
            is_age = query is not None and query.show == "age"
            return (floor(variant.level.threshold / step) + 1) * step if is_age else 0
        return 0 if query.metric.kind == "summary" else step

    @property
    def calm(self) -> float:
        """A value that alerts nobody."""
        threshold, low, high = self.variants[0].level.threshold, *self._limits
        if self.alert.counts_events or (self.alert.query and self.alert.query.show == "age"):
            return 0.0
        is_upper = self.alert.when in ("above", "at_least")
        value = max(_less(threshold), low) if is_upper else min(_more(threshold), high)
        bounds = self.alert.metric.bounds if self.alert.metric else ()
        # A threshold inside a bucket: what is a little better falls into the same one, and is seen as bad.
        some = (value, *(reversed(bounds) if is_upper else bounds))
        return next((each for each in some if not self._alerts(each)), value)

    def _alerts(self, value: float) -> bool:
        return any(self.passes(each, reached(self.alert, value)) for each in self.variants)

    def bad(self, variant: Variant) -> float:
        """Give a value that passes the threshold of a level, and no worse one if there is room between the two."""
        threshold = variant.level.threshold
        for milder, worse in pairwise(self.variants):
            if milder is variant and worse.level.threshold != threshold:
                return (threshold + worse.level.threshold) / 2
        if self.alert.when in ("at_most", "at_least"):
            return threshold
        low, high = self._limits
        if self.alert.when == "above":
            return threshold + 1 if self.alert.counts_events else min(_more(threshold), (threshold + high) / 2)
        return max(_less(threshold), (threshold + low) / 2)

    @property
    def _limits(self) -> tuple[float, float]:
        """Give a least and a greatest value; of what is without limits, values far beyond the thresholds."""
        known = self.alert.metric.range if self.alert.metric else None
        share = self.alert.query is not None and self.alert.query.show == "share"
        if share or known is None:
            greatest = max(abs(each.level.threshold) for each in self.variants) * 10 + 10
            return (0.0, 1.0) if share else (-greatest, greatest)
        return known


def judges(alert: Alert, variants: Sequence[Variant], labels: Mapping[str, str]) -> Judges:
    """Find who judges a series: of each level the most particular exception that takes it, else the base."""
    found = []
    for severity in SEVERITIES:
        mine = [each for each in variants if each.level.severity == severity and _takes(each, labels)]
        found += [max(mine, key=lambda each: len(each.match))] if mine else []
    return Judges(alert, tuple(found))


def _takes(variant: Variant, labels: Mapping[str, str]) -> bool:
    """Tell whether a variant judges a series: it is in its match, and in none of those that come before."""
    is_other = any(each.items() <= labels.items() for each in variant.others)
    return variant.match.items() <= labels.items() and not is_other


def _more(value: float) -> float:
    return value + max(abs(value) * _BEYOND, 0.0 if value else 1.0)


def _less(value: float) -> float:
    return value - max(abs(value) * _BEYOND, 0.0 if value else 1.0)
