"""The pure cells: a counter, gauge, histogram or summary over its words in a page.

Under the GIL, `words[i] += x` is one step as long as `x` is a float or an int: CPython 3.10 and later look for
another thread only at calls and back-edges. So every value is converted first, and what needs more than one such
step takes a lock. No method raises for a value: what cannot be recorded is handed to `refuse`.
"""

from __future__ import annotations

from _thread import allocate_lock
from bisect import bisect_left
from math import ceil, exp, inf, log
from time import time_ns

from .layout import SUMMARY_ACCURACY, SUMMARY_BINS, SUMMARY_COPY_WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .page import Page

    Refuse = Callable[[str, object], None]

GAMMA_LOG = log((1 + SUMMARY_ACCURACY) / (1 - SUMMARY_ACCURACY))
_HEADROOM = 112
"""Bins kept free above the first value, a factor of 9, so that the window seldom has to move."""


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
        self.lock = allocate_lock()

    def write(self, value: float) -> None:
        """Set the value."""
        with self.lock:
            self._publish(number(value))

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount`."""
        amount = number(amount)
        with self.lock:
            active = self.at + 1 + 2 * self.integers[self.at]
            self._publish(self.doubles[active] + amount)

    def dec(self, amount: float = 1.0) -> None:
        """Take `amount` away."""
        self.inc(-number(amount))

    def _publish(self, value: float) -> None:
        low, high = self.limits
        if not low <= value <= high:
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

    Bins grow by a constant factor, as in DDSketch (Masson, Rim, Lee, VLDB 2019, §2); when a value lies above the
    window of bins, the window moves up, and what lay lowest collapses into the lowest bin.
    """

    __slots__ = ("at", "doubles", "integers", "lock", "refuse")

    def __init__(self, page: Page, at: int, refuse: Refuse) -> None:
        self.integers = page.integers
        self.doubles = page.doubles
        self.at = at
        self.refuse = refuse
        self.lock = allocate_lock()

    def observe(self, value: float) -> None:
        """Count `value`, which is not negative."""
        value = number(value)
        if not 0.0 <= value < inf:
            return self.refuse("value_out_of_range", value)
        with self.lock:
            copy = self._copy()
            if value > 0.0:
                number_of_bin = ceil(log(value) / GAMMA_LOG)
                copy = self._window(copy, number_of_bin)
                place = max(0, number_of_bin - signed(self.integers[copy]))
                self.integers[copy + 3 + place] += 1
            else:
                self.integers[copy + 1] += 1
            self.doubles[copy + 2] += value
        return None

    write = observe

    def _copy(self) -> int:
        return self.at + 1 + self.integers[self.at] * SUMMARY_COPY_WORDS

    def _window(self, copy: int, number_of_bin: int) -> int:
        """Make the window reach up to this bin, in the spare copy; give the copy that holds."""
        counts = self.integers[copy + 3 : copy + SUMMARY_COPY_WORDS]
        lowest = signed(self.integers[copy])
        empty = not any(counts)
        if not empty and number_of_bin < lowest + SUMMARY_BINS:
            return copy
        moved = number_of_bin - SUMMARY_BINS + _HEADROOM
        shift = 0 if empty else min(moved - lowest, SUMMARY_BINS - 1)
        kept = list(counts[shift:]) + [0] * shift
        kept[0] += sum(counts[:shift])
        spare = 1 - self.integers[self.at]
        target = self.at + 1 + spare * SUMMARY_COPY_WORDS
        self.integers[target] = moved & 0xFFFF_FFFF_FFFF_FFFF
        self.integers[target + 1] = self.integers[copy + 1]
        self.doubles[target + 2] = self.doubles[copy + 2]
        for offset, count in enumerate(kept):
            self.integers[target + 3 + offset] = count
        self.integers[self.at] = spare
        return target


Cell = CounterCell | GaugeCell | HistogramCell | SummaryCell


def number(value: object) -> float:
    """Convert to float; what is no number becomes NaN, which every cell refuses."""
    try:
        return float(value)  # type: ignore[arg-type]  # the very question
    except Exception:  # noqa: BLE001 -- `__float__` is the user's code, and nothing raises on a hot path
        return float("nan")


def signed(word: int) -> int:
    """Read an unsigned word as two's complement."""
    return word - (1 << 64) if word >> 63 else word


def quantile(cell: Sequence[int], total: int, lowest: int, zeros: int, share: float) -> float:
    """Estimate one quantile from the bins of a summary; NaN when nothing was observed.

    `share` is in [0, 1]; the rank is the one of DDSketch, the nearest rank from below.
    """
    if not total:
        return float("nan")
    rank = share * (total - 1)
    seen = zeros
    if seen > rank:
        return 0.0
    for offset, count in enumerate(cell):
        seen += count
        if seen > rank:
            return 2.0 * exp((lowest + offset) * GAMMA_LOG) / (1.0 + exp(GAMMA_LOG))
    return float("nan")
