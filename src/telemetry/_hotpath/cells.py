"""The pure cells: a counter, gauge, histogram (of either kind) or summary over its words in a page.

Under the GIL, `words[i] += x` is one step as long as `x` is a float or an int: CPython 3.10 and later look for
another thread only at calls and back-edges. So every value is converted first, and what needs more than one such
step takes a lock: one that its thread may take again, since a signal handler or a finaliser may record too. A whole
copy is written by one call for the same reason. No method raises for a value: what cannot be recorded is handed to
`refuse`. `native/cells.pxi` has the compiled twins of these classes, which write the same bytes.
"""

from __future__ import annotations

from _thread import RLock
from bisect import bisect_left
from math import ceil, exp, floor, frexp, inf, log
from sys import float_info
from time import time_ns

from .layout import (
    EXPONENTIAL_BIAS,
    EXPONENTIAL_BUCKETS,
    EXPONENTIAL_COPY,
    EXPONENTIAL_COPY_WORDS,
    EXPONENTIAL_HEAD_WORDS,
    EXPONENTIAL_SCALE,
    SUMMARY_ACCURACY,
    SUMMARY_BIAS,
    SUMMARY_BINS,
    SUMMARY_COPY,
    SUMMARY_COPY_WORDS,
    SUMMARY_HEAD_WORDS,
    WORD,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .page import Page

    Refuse = Callable[[str, object], None]

GAMMA_LOG = log((1 + SUMMARY_ACCURACY) / (1 - SUMMARY_ACCURACY))
_MIDDLE_LOG = log(2.0 / (1.0 + exp(GAMMA_LOG)))  # from the upper bound of a bin to what stands for all of it
_LARGEST_LOG = log(1.797e308)

_PER_OCTAVE = 1 << EXPONENTIAL_SCALE
_PER_LOG = _PER_OCTAVE / log(2)
_LOW_HALF = 0xFFFF_FFFF
_LEAST_INDEX = (float_info.min_exp - 1) * _PER_OCTAVE - 1


_ONE = 1.0


class CounterCell:
    """A sum that only rises."""

    __slots__ = ("at", "doubles", "inc", "integers", "write")

    def __init__(self, page: Page, at: int, refuse: Refuse) -> None:
        self.integers = page.integers
        self.doubles = doubles = page.doubles
        self.at = at

        def inc(amount: float = _ONE) -> None:
            """Add `amount`, which is neither negative nor infinite."""
            if amount is _ONE:  # 20 ns less for what most calls are
                doubles[at] += 1.0
                return
            if type(amount) is not float:  # `__class__` may lie
                amount = number(amount)
            if 0.0 <= amount < inf:
                doubles[at] += amount
            else:
                refuse("value_out_of_range", amount)

        self.inc = inc
        self.write = inc


class GaugeCell:
    """A value that goes up and down, with the time when it was set."""

    __slots__ = ("at", "doubles", "integers", "limits", "lock", "refuse")

    def __init__(self, page: Page, at: int, refuse: Refuse, limits: tuple[float, float] = (-inf, inf)) -> None:
        self.integers = page.integers
        self.doubles = page.doubles
        self.at = at
        self.refuse = refuse
        self.limits = limits
        self.lock = RLock()

    def write(self, value: float) -> None:
        """Set the value."""
        value = number(value)
        with self.lock:
            self._publish(value)

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount`."""
        amount = number(amount)
        with self.lock:
            active = self.at + 1 + 2 * self.integers[self.at]
            self._publish(self.doubles[active] + amount)

    def dec(self, amount: float = 1.0) -> None:
        """Take `amount` away."""
        self.inc(-number(amount))

    def restart(self) -> None:
        """Make the lock anew, in a forked child: a thread that is not there may hold it."""
        self.lock = RLock()

    def _publish(self, value: float) -> None:
        low, high = self.limits
        if not (low <= value <= high and -inf < value < inf):
            return self.refuse("value_out_of_range", value)
        spare = 1 - self.integers[self.at]
        self.doubles[self.at + 1 + 2 * spare] = value
        self.integers[self.at + 2 + 2 * spare] = time_ns()
        self.integers[self.at] = spare
        return None


class HistogramCell:
    """Counts per bucket and a sum; the number of observations is the sum of the buckets."""

    __slots__ = ("at", "bounds", "doubles", "integers", "observe", "sum_at", "write")

    def __init__(self, page: Page, at: int, refuse: Refuse, bounds: Sequence[float]) -> None:
        self.integers = integers = page.integers
        self.doubles = doubles = page.doubles
        self.at = at
        self.bounds = bounds
        self.sum_at = sum_at = at + len(bounds) + 1

        def observe(value: float) -> None:
            """Count `value` into its bucket."""
            if type(value) is not float:
                value = number(value)
            if -inf < value < inf:
                integers[at + bisect_left(bounds, value)] += 1
                doubles[sum_at] += value
            else:
                refuse("value_out_of_range", value)

        self.observe = observe
        self.write = observe


class SummaryCell:
    """A sketch of a distribution, for quantiles within one per cent.

    Bins grow by a constant factor, as in DDSketch (Masson, Rim, Lee, VLDB 2019, §2). They are a window that moves
    with the values; where those span more than it, what lies lowest collapses into the lowest bin.
    """

    __slots__ = ("at", "doubles", "integers", "lock", "refuse")

    def __init__(self, page: Page, at: int, refuse: Refuse) -> None:
        self.integers = page.integers
        self.doubles = page.doubles
        self.at = at
        self.refuse = refuse
        self.lock = RLock()

    def observe(self, value: float) -> None:
        """Count `value`, which is not negative."""
        value = number(value)
        if not 0.0 <= value < inf:
            return self.refuse("value_out_of_range", value)
        with self.lock:
            copy = self._copy()
            if value > 0.0:
                bin_number = ceil(log(value) / GAMMA_LOG) + SUMMARY_BIAS
                copy = self._reaching(copy, bin_number)
                self.integers[copy + SUMMARY_HEAD_WORDS + max(0, bin_number - self.integers[copy])] += 1
            else:
                self.integers[copy + 1] += 1
            self.doubles[copy + 2] += value
        return None

    write = observe

    def restart(self) -> None:
        """Make the lock anew, in a forked child: a thread that is not there may hold it."""
        self.lock = RLock()

    def _copy(self) -> int:
        return self.at + 1 + self.integers[self.at] * SUMMARY_COPY_WORDS

    def _reaching(self, copy: int, bin_number: int) -> int:
        """Make the window reach this bin, if it can, in the spare copy; give the copy that counts then."""
        place = self.integers[copy]
        if 0 < place <= bin_number < place + SUMMARY_BINS:
            return copy
        if not place:
            self.integers[copy] = bin_number - SUMMARY_BINS // 2
            return copy
        if bin_number < place and self.integers[copy + SUMMARY_COPY_WORDS - 1]:
            return copy  # the window cannot move down: its highest bin is taken
        return self._move(copy, place, bin_number)

    def _move(self, copy: int, place: int, bin_number: int) -> int:
        counts = self.integers[copy + SUMMARY_HEAD_WORDS : copy + SUMMARY_COPY_WORDS].tolist()
        taken = [place + offset for offset, count in enumerate(counts) if count]
        moved = _window(min(bin_number, *taken), max(bin_number, *taken)) if taken else bin_number
        bins = [0] * SUMMARY_BINS
        for bin_taken in taken:
            bins[max(0, bin_taken - moved)] += counts[bin_taken - place]
        spare = 1 - self.integers[self.at]
        target = self.at + 1 + spare * SUMMARY_COPY_WORDS
        zeros, total = self.integers[copy + 1], self.doubles[copy + 2]
        SUMMARY_COPY.pack_into(self.integers, target * WORD, moved, zeros, total, *bins)
        self.integers[self.at] = spare
        return target


def _window(lowest: int, highest: int) -> int:
    """Place a window that has the highest bin and as many others as it can, with what is free on both sides."""
    free = SUMMARY_BINS - 1 - (highest - lowest)
    return lowest - free // 2 if free > 0 else highest - SUMMARY_BINS + 1


class ExponentialHistogramCell:
    """Counts per bucket whose bounds grow by a constant factor, which is as fine as 160 buckets allow.

    OpenTelemetry, Metrics Data Model §ExponentialHistogram: bucket `index` takes what is above base^index, up to
    base^(index+1), where the base is 2^(2^-scale). Values that do not fit beside the others halve the resolution.
    """

    __slots__ = ("at", "doubles", "integers", "lock", "refuse")

    def __init__(self, page: Page, at: int, refuse: Refuse) -> None:
        self.integers = page.integers
        self.doubles = page.doubles
        self.at = at
        self.refuse = refuse
        self.lock = RLock()

    def observe(self, value: float) -> None:
        """Count `value`, which is not negative."""
        value = number(value)
        if not 0.0 <= value < inf:
            return self.refuse("value_out_of_range", value)
        with self.lock:
            copy = self.at + 1 + self.integers[self.at] * EXPONENTIAL_COPY_WORDS
            if value > 0.0:
                copy = self._count(copy, value)
            else:
                self.integers[copy + 2] += 1
            self.doubles[copy + 3] += value
            self.doubles[copy + 5] = max(self.doubles[copy + 5], value)
        return None

    write = observe

    def restart(self) -> None:
        """Make the lock anew, in a forked child: a thread that is not there may hold it."""
        self.lock = RLock()

    def _count(self, copy: int, value: float) -> int:
        """Count into a bucket, which is made to fit first; give the copy that counts then."""
        finest, window = finest_index(value), self.integers[copy]
        index = finest >> self.integers[copy + 1]
        if not window >> 32 <= index + EXPONENTIAL_BIAS <= window & _LOW_HALF:
            copy = self._reaching(copy, index)
            index = finest >> self.integers[copy + 1]
        self.integers[copy + _slot(index)] += 1
        least = self.doubles[copy + 4]
        if value < least or not least:
            self.doubles[copy + 4] = value
        return copy

    def _reaching(self, copy: int, index: int) -> int:
        """Widen the window to this bucket, in the spare copy if need be; give the copy that counts then."""
        low = high = index
        if self.integers[copy]:
            lowest, highest = _unpacked(self.integers[copy])
            low, high = min(low, lowest), max(high, highest)
        if high - low >= EXPONENTIAL_BUCKETS:
            more = _halvings(low, high)
            copy, low, high = self._fold(copy, more), low >> more, high >> more
        self.integers[copy] = _packed(low, high)  # before the count, for a reader in another process
        return copy

    def _fold(self, copy: int, more: int) -> int:
        """Add up the buckets in the spare copy, each with its neighbours; give the copy that counts then."""
        source = self.integers[copy : copy + EXPONENTIAL_COPY_WORDS].tolist()
        window, halvings, zeros = source[:3]
        folded = [0] * EXPONENTIAL_COPY_WORDS
        low, high = _unpacked(window)
        for index in range(low, high + 1):
            folded[_slot(index >> more)] += source[_slot(index)]
        spare = 1 - self.integers[self.at]
        target = self.at + 1 + spare * EXPONENTIAL_COPY_WORDS
        head = (
            _packed(low >> more, high >> more),
            halvings + more,
            zeros,
            *self.doubles[copy + 3 : copy + EXPONENTIAL_HEAD_WORDS],
        )
        EXPONENTIAL_COPY.pack_into(self.integers, target * WORD, *head, *folded[EXPONENTIAL_HEAD_WORDS:])
        self.integers[self.at] = spare
        return target


def finest_index(value: float) -> int:
    """Give the index of a positive value's bucket at the finest scale; that of a coarser one is it, shifted.

    The logarithm may round across a power of two, so the octave is taken from the exponent, which is exact. Subnormal
    values are counted with the least normal one, as in OpenTelemetry's SDK.
    """
    if value <= float_info.min:
        return _LEAST_INDEX
    fraction, exponent = frexp(value)
    octave = (exponent - 1) * _PER_OCTAVE
    if fraction == 0.5:
        return octave - 1  # a bucket has its upper bound, and not its lower one
    return min(max(floor(log(value) * _PER_LOG), octave), octave + _PER_OCTAVE - 1)


def _halvings(low: int, high: int) -> int:
    more = 0
    while (high >> more) - (low >> more) >= EXPONENTIAL_BUCKETS:
        more += 1
    return more


def _packed(low: int, high: int) -> int:
    return (low + EXPONENTIAL_BIAS) << 32 | (high + EXPONENTIAL_BIAS)


def _unpacked(window: int) -> tuple[int, int]:
    return (window >> 32) - EXPONENTIAL_BIAS, (window & _LOW_HALF) - EXPONENTIAL_BIAS


def _slot(index: int) -> int:
    """Give the place of a bucket's count within a copy."""
    return EXPONENTIAL_HEAD_WORDS + (index + EXPONENTIAL_BIAS) % EXPONENTIAL_BUCKETS


Cell = CounterCell | GaugeCell | HistogramCell | SummaryCell | ExponentialHistogramCell


def number(value: object) -> float:
    """Convert to float; what is no number becomes NaN, which every cell refuses. Text is none."""
    try:
        return float("nan") if isinstance(value, (str, bytes, bytearray)) else float(value)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 -- `__float__` is the user's code, and nothing raises on a hot path
        return float("nan")


def quantile(bins: Sequence[int], place: int, zeros: int, share: float) -> float:
    """Estimate one quantile from the words of a summary; NaN when nothing was observed.

    `share` is in [0, 1]; the rank is the one of DDSketch, the nearest rank from below.
    """
    rank = share * (zeros + sum(bins) - 1)
    seen = zeros
    if seen > rank:
        return 0.0 if zeros else float("nan")
    for number_of_bin, count in enumerate(bins, place - SUMMARY_BIAS):
        seen += count
        if seen > rank:
            return exp(min(number_of_bin * GAMMA_LOG + _MIDDLE_LOG, _LARGEST_LOG))
    return float("nan")
