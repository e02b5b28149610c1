"""Unites series that Prometheus cannot tell apart, which only those in no contract are.

OpenTelemetry tells the number 1 from the text, `a.b` from `a_b`, and an empty value from none. A scrape has the same
labels for both, and one that shows a series twice is refused.
"""

from __future__ import annotations

from dataclasses import replace

from telemetry.signals import Distribution, Family, Series


def told_apart(family: Family) -> Family:
    """Give a family in which no two series have the same labels: counts and sums are added, of gauges the last stands.

    >>> twice = Family("calls", "counter", "", "", ("user",), (Series(("1",), 2.0), Series(("1",), 3.0)))
    >>> [series.value for series in told_apart(twice).series]
    [5.0]
    """
    found: dict[tuple[tuple[str, str], ...], Series] = {}
    for series in family.series:
        pairs = zip(family.labels, series.labels, strict=True)
        key = tuple((name, value) for name, value in pairs if value)
        found[key] = _united(family, found[key], series) if key in found else series
    return family if len(found) == len(family.series) else replace(family, series=tuple(found.values()))


def _united(family: Family, one: Series, other: Series) -> Series:
    exemplars = (*one.exemplars, *other.exemplars)
    start_ns = min(one.start_ns, other.start_ns)
    return replace(one, value=_sum(family, one, other), exemplars=exemplars, start_ns=start_ns)


def _sum(family: Family, one: Series, other: Series) -> float | Distribution:
    if isinstance(one.value, Distribution) and isinstance(other.value, Distribution):
        buckets = tuple(map(sum, zip(one.value.buckets, other.value.buckets, strict=True)))
        return Distribution(buckets, one.value.sum + other.value.sum)
    if isinstance(one.value, int | float) and isinstance(other.value, int | float):
        return one.value + other.value if family.kind == "counter" or family.additive else other.value
    raise TypeError(f"{family.kind} {family.name!r} has series of two kinds")
