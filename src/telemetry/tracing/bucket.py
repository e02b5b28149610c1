"""A limit of so many a second."""

from __future__ import annotations

from time import monotonic_ns
from typing import final

_SECOND_NS = 1_000_000_000


@final
class Bucket:
    """Lets so many through in a second, and after a pause a second's worth at once; at least one.

    It is a token bucket, kept as the time at which it would be full (the generic cell rate algorithm, ITU-T I.371,
    Annex A). There is no lock for a forked child to inherit: from reading that time to setting it nothing is called,
    so no other thread comes in between. A child has a limit of its own.
    """

    __slots__ = ("_burst_ns", "_full_ns", "_interval_ns")

    def __init__(self, per_second: float) -> None:
        self._interval_ns = _SECOND_NS / per_second if per_second > 0 else 0.0
        self._burst_ns = max(_SECOND_NS, self._interval_ns) if per_second > 0 else -1.0
        self._full_ns = 0.0

    def take(self) -> bool:
        """Tell whether one more may go through now."""
        now = monotonic_ns()
        full = self._full_ns if self._full_ns > now else now
        full += self._interval_ns
        if full - now > self._burst_ns:
            return False
        self._full_ns = full
        return True
