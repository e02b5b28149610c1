"""Adds cells of one metric page into cells of others: what `merge` says, done in pure Python.

`native/merging.pyx` has the compiled twin, which leaves the same bytes. Pages come from files that anybody may have
damaged, so a cell that no recorder could have written adds nothing.
"""

from __future__ import annotations

from math import inf, isfinite
from typing import Final, final

from telemetry._hotpath import layout

RISING, COUNTER, HISTOGRAM, SUMMARY, EXPONENTIAL, LAST, SUM, MAX, MIN = range(9)
"""What is done with a cell. RISING is for one word that was shown before, and keeps rounding from making it fall."""

_LARGEST_COUNT: Final = 1 << 48  # so that sums of thousands of damaged ones stay words
_ROUNDING: Final = 1e-9
_LOW_HALF: Final = 0xFFFF_FFFF
_MOST_HALVINGS: Final = 40

_LEAST_WORDS: Final = {
    SUMMARY: layout.SUMMARY_WORDS,
    EXPONENTIAL: layout.EXPONENTIAL_WORDS,
    **dict.fromkeys((RISING, COUNTER, HISTOGRAM), 1),
    **dict.fromkeys((LAST, SUM, MAX, MIN), layout.GAUGE_WORDS),
}


@final
class Links:
    """The cells of one page, each with the cell that it is added into.

    Args:
        source: The page; its length is a multiple of 8.
    """

    __slots__ = ("_doubles", "_integers", "_links", "_targets")

    def __init__(self, source: bytearray) -> None:
        self._integers = memoryview(source).cast("Q")
        self._doubles = memoryview(source).cast("d")
        self._links: list[tuple[int, int, int, int, int]] = []
        self._targets: list[tuple[bytearray, memoryview[int], memoryview[float]]] = []

    def __len__(self) -> int:
        return len(self._links)

    def add(self, operation: int, at: int, target: bytearray, target_at: int, words: int) -> None:
        """Add the cell at one word into the one at another, in each run from now on.

        Raises:
            ValueError: One of them reaches past its page, or they are too short.
        """
        if words < _LEAST_WORDS[operation]:
            raise ValueError(f"a cell of {words} words is too short for operation {operation}")
        if at < 0 or target_at < 0 or at + words > len(self._integers) or 8 * (target_at + words) > len(target):
            raise ValueError(f"a cell of {words} words at {at} or at {target_at} reaches past its page")
        if not self._targets or self._targets[-1][0] is not target:
            self._targets.append((target, memoryview(target).cast("Q"), memoryview(target).cast("d")))
        self._links.append((operation, at, len(self._targets) - 1, target_at, words))

    def run(self, now_ns: int, *, living: bool) -> None:
        """Add all cells; a gauge that is summed up counts while its process is `living`."""
        integers, doubles = self._integers, self._doubles
        for operation, at, number, target_at, words in self._links:
            _, into, into_doubles = self._targets[number]
            if operation == COUNTER:
                value = doubles[at]
                if 0.0 <= value < inf:
                    into_doubles[target_at] += value
            elif operation == HISTOGRAM:
                _add_counts(integers, at, into, target_at, words - 1)
                _add_sum(doubles[at + words - 1], into_doubles, target_at + words - 1)
            elif operation == SUMMARY:
                _merge_summary(integers[at : at + words], into[target_at : target_at + words])
            elif operation == EXPONENTIAL:
                _merge_exponential(integers[at : at + words], into[target_at : target_at + words])
            elif operation == RISING:
                _keep_rising(doubles[at], into_doubles, target_at)
            else:
                source, target = integers[at : at + words], into[target_at : target_at + words]
                _merge_gauge(operation, source, target, now_ns, living=living)


def _keep_rising(before: float, into: memoryview[float], at: int) -> None:
    if 0.0 < before - into[at] <= before * _ROUNDING:
        into[at] = before


def _add_counts(source: memoryview[int], at: int, into: memoryview[int], target_at: int, number: int) -> None:
    for place in range(number):
        count = source[at + place]
        if count <= _LARGEST_COUNT:
            into[target_at + place] += count


def _add_sum(value: float, into: memoryview[float], at: int) -> None:
    if isfinite(value):
        into[at] += value


def _merge_gauge(operation: int, source: memoryview[int], into: memoryview[int], now_ns: int, *, living: bool) -> None:
    if source[0] > 1:
        return
    copy = 1 + 2 * source[0]
    value, time_ns, held_ns = _doubles(source)[copy], source[copy + 1], into[2]
    if not time_ns or not isfinite(value):
        return  # nobody has set it
    doubles = _doubles(into)
    newer = not held_ns or _is_later(time_ns, held_ns, now_ns)
    if operation == SUM:
        doubles[1] += value if living else 0.0
    elif not held_ns or _prevails(operation, value, doubles[1], newer=newer):
        doubles[1] = value
    if newer:
        into[2] = time_ns


def _prevails(operation: int, value: float, held: float, *, newer: bool) -> bool:
    if operation == LAST:
        return newer
    return value > held if operation == MAX else value < held


def _is_later(time_ns: int, other_ns: int, now_ns: int) -> bool:
    """Tell which came later; what lies in the future was stamped before the clock was put back."""
    if (time_ns > now_ns) != (other_ns > now_ns):
        return other_ns > now_ns
    return time_ns > other_ns


def _merge_summary(source: memoryview[int], into: memoryview[int]) -> None:
    if source[0] > 1:
        return
    copy = 1 + source[0] * layout.SUMMARY_COPY_WORDS
    place, zeros, *counts = _summary(source, copy)
    if zeros > _LARGEST_COUNT or place > 2 * layout.SUMMARY_BIAS or max(counts) > _LARGEST_COUNT:
        return
    into[2] += zeros
    _add_sum(_doubles(source)[copy + 2], _doubles(into), 3)
    taken = [place + offset for offset, count in enumerate(counts) if count]
    if taken and place:
        _add_bins(place, counts, taken, into)


def _add_bins(place: int, counts: list[int], taken: list[int], into: memoryview[int]) -> None:
    held_place, _, *held = _summary(into, 1)
    held_taken = [held_place + offset for offset, count in enumerate(held) if count]
    lowest, highest = min(*taken, *held_taken, taken[0]), max(*taken, *held_taken, taken[0])
    moved = held_place
    if not held_taken:
        moved = place
    elif taken[0] < held_place or taken[-1] >= held_place + layout.SUMMARY_BINS:
        free = layout.SUMMARY_BINS - 1 - (highest - lowest)
        moved = lowest - free // 2 if free > 0 else highest - layout.SUMMARY_BINS + 1
    bins = [0] * layout.SUMMARY_BINS
    for number in held_taken:
        bins[max(0, number - moved)] += held[number - held_place]
    for number in taken:
        bins[max(0, number - moved)] += counts[number - place]
    into[1] = moved
    for offset, count in enumerate(bins, 1 + layout.SUMMARY_HEAD_WORDS):
        into[offset] = count


def _summary(cell: memoryview[int], copy: int) -> list[int]:
    """Give place, zeros and counts of a copy, without its sum."""
    place, zeros, _, *counts = cell[copy : copy + layout.SUMMARY_COPY_WORDS]
    return [place, zeros, *counts]


def _merge_exponential(source: memoryview[int], into: memoryview[int]) -> None:
    if source[0] > 1:
        return
    copy = source[1 + source[0] * layout.EXPONENTIAL_COPY_WORDS :][: layout.EXPONENTIAL_COPY_WORDS]
    window, halvings, zeros = copy[:3]
    if zeros > _LARGEST_COUNT or halvings > _MOST_HALVINGS or not _is_window(window):
        return
    if max(copy[layout.EXPONENTIAL_HEAD_WORDS :]) > _LARGEST_COUNT:
        return
    doubles, held = _doubles(copy), _doubles(into[1:])
    into[3] += zeros
    _add_sum(doubles[3], held, 3)
    held[5] = max(held[5], doubles[5]) if isfinite(doubles[5]) else held[5]
    if window:
        held[4] = min(filter(None, (held[4], doubles[4])), default=0.0) if isfinite(doubles[4]) else held[4]
        _add_buckets(copy, into[1:])


def _add_buckets(copy: memoryview[int], into: memoryview[int]) -> None:
    pairs = [(low, high, halvings) for low, high, halvings in (_range(copy), _range(into)) if low <= high]
    halvings = max(each[2] for each in pairs)
    low = min(low >> halvings - own for low, _, own in pairs)
    high = max(high >> halvings - own for _, high, own in pairs)
    while high - low >= layout.EXPONENTIAL_BUCKETS:
        low, high, halvings = low >> 1, high >> 1, halvings + 1
    counts = [0] * layout.EXPONENTIAL_BUCKETS
    for source in (into, copy):
        first, last, own = _range(source)
        for index in range(first, last + 1):
            counts[_slot(index >> halvings - own) - layout.EXPONENTIAL_HEAD_WORDS] += source[_slot(index)]
    into[0] = low + layout.EXPONENTIAL_BIAS << 32 | high + layout.EXPONENTIAL_BIAS
    into[1] = halvings
    for offset, count in enumerate(counts, layout.EXPONENTIAL_HEAD_WORDS):
        into[offset] = count


def _is_window(window: int) -> bool:
    return not window or 0 <= (window & _LOW_HALF) - (window >> 32) < layout.EXPONENTIAL_BUCKETS


def _range(copy: memoryview[int]) -> tuple[int, int, int]:
    """Give the lowest and the highest bucket and the halvings of a copy; the highest is the lower where it is empty."""
    window = copy[0]
    if not window:
        return 1, 0, 0
    return (window >> 32) - layout.EXPONENTIAL_BIAS, (window & _LOW_HALF) - layout.EXPONENTIAL_BIAS, copy[1]


def _slot(index: int) -> int:
    return layout.EXPONENTIAL_HEAD_WORDS + (index + layout.EXPONENTIAL_BIAS) % layout.EXPONENTIAL_BUCKETS


def _doubles(words: memoryview[int]) -> memoryview[float]:
    return words.cast("B").cast("d")
