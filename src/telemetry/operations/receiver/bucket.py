"""A token bucket: so many messages a minute, some of them at once."""

from __future__ import annotations

import time
from typing import Final, final

_BURST: Final = 5


@final
class Bucket:
    """Lets through what a webhook takes; not for several threads."""

    __slots__ = ("_at", "_per_second", "_tokens")

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._tokens = float(_BURST)
        self._at = time.monotonic()

    def take(self) -> float:
        """Take a token, and give 0; where there is none, give the seconds until there is."""
        now = time.monotonic()
        self._tokens = min(_BURST, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._per_second
        self._tokens -= 1
        return 0.0
