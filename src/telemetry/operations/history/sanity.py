"""Leave out what no honest clock and no sensor can have said, and name who said it."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from typing import Final

from .sample import Reading, Sample, Series

_STALE: Final = 0x7FF0000000000002  # the NaN that ends a series (Prometheus, "Staleness")
_TOLERANCE_SECONDS: Final = 5.0
_MOST_NAMED: Final = 5


def cleaned(reading: Reading, *, now_s: float) -> Reading:
    """Give a reading without samples of the future, without values that are no numbers, and one a moment.

    A staleness marker ends a series and is no problem. Everything else that is left out is said.

    Args:
        reading: What a source gave.
        now_s: What the own clock says; another may be ahead of it by five seconds.
    """
    ahead: dict[str, float] = {}
    bad: Counter[str] = Counter()
    kept = []
    for series in reading.series:
        samples = list(_honest(series, now_s, ahead, bad))
        if samples:
            kept.append(replace(series, samples=samples))
    return Reading(kept, [*reading.problems, *_said(ahead, bad)])


def _honest(series: Series, now_s: float, ahead: dict[str, float], bad: Counter[str]) -> Iterator[Sample]:
    name = series.origin or "no origin given"
    last_s = -1.0
    for sample in sorted(series.samples, key=lambda each: each.time_s):
        if sample.time_s > now_s + _TOLERANCE_SECONDS:
            ahead[name] = max(ahead.get(name, 0.0), sample.time_s - now_s)
        elif not all(map(isfinite, (sample.value, sample.count, *sample.buckets.values()))):
            bad[name] += not _is_stale(sample.value)
        elif sample.time_s > last_s:
            last_s = sample.time_s
            yield sample


def _is_stale(value: float) -> bool:
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return bool(bits == _STALE)


def _said(ahead: dict[str, float], bad: Counter[str]) -> Iterator[str]:
    for name, seconds in sorted(ahead.items())[:_MOST_NAMED]:
        yield f"samples of {name} are from the future, by up to {seconds:.0f} s: its clock and this one disagree"
    for name, count in sorted((+bad).items())[:_MOST_NAMED]:
        yield f"{count} samples of {name} are no numbers, and were left out"
