"""The pure cells: a counter, gauge, histogram or summary over its words in a page.

Under the GIL, `words[i] += x` is one step as long as `x` is a float or an int: CPython 3.10 and later look for
another thread only at calls and back-edges. So every value is converted first, and what needs more than one such
step takes a lock: one that its thread may take again, since a signal handler or a finaliser may record too. No method
raises for a value: what cannot be recorded is handed to `refuse`.
"""

from __future__ import annotations

from _thread import RLock
from bisect import bisect_left
from math import ceil, exp, inf, log
from time import time_ns

from .layout import SUMMARY_ACCURACY, SUMMARY_BIAS, SUMMARY_BINS, SUMMARY_COPY_WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .page import Page

    Refuse = Callable[[str, object], None]

GAMMA_LOG = log((1 + SUMMARY_ACCURACY) / (1 - SUMMARY_ACCURACY))
_MIDDLE_LOG = log(2.0 / (1.0 + exp(GAMMA_LOG)))  # from the upper bound of a bin to what stands for all of it
_LARGEST_LOG = log(1.797e308)


class CounterCell:
    """A sum that only rises."""

    __slots__ = ("at", "doubles", "inc", "integers", "write")

    def __init__(self, page: Page, at: int, refuse: Refuse) -> None:
        self.integers = page.integers
        self.doubles = doubles = page.doubles
        self.at = at

        def inc(amount: float = 1.0) -> None:
            """Add `amount`, which is neither negative nor infinite."""
            if amount.__class__ is not float:
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
            if value.__class__ is not float:
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
                self.integers[copy + 3 + max(0, bin_number - self.integers[copy])] += 1
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
        counts = list(self.integers[copy + 3 : copy + SUMMARY_COPY_WORDS])
        taken = [place + offset for offset, count in enumerate(counts) if count]
        highest, lowest = max(taken[-1], bin_number), min(taken[0], bin_number)
        moved = _window(lowest, highest)
        bins = [0] * SUMMARY_BINS
        for bin_taken in taken:
            bins[max(0, bin_taken - moved)] += counts[bin_taken - place]
        spare = 1 - self.integers[self.at]
        target = self.at + 1 + spare * SUMMARY_COPY_WORDS
        self.integers[target] = moved
        self.integers[target + 1] = self.integers[copy + 1]
        self.doubles[target + 2] = self.doubles[copy + 2]
        for offset, count in enumerate(bins):
            self.integers[target + 3 + offset] = count
        self.integers[self.at] = spare
        return target


def _window(lowest: int, highest: int) -> int:
    """Place a window that has the highest bin and as many others as it can, with what is free on both sides."""
    free = SUMMARY_BINS - 1 - (highest - lowest)
    return lowest - free // 2 if free > 0 else highest - SUMMARY_BINS + 1


Cell = CounterCell | GaugeCell | HistogramCell | SummaryCell


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
