"""The CPU time of telemetry's own threads, which all have a name that begins with `telemetry-`."""

from __future__ import annotations

import threading
from typing import Final, final

_PREFIX: Final = "telemetry-"
_NS: Final = 1e-9


@final
class OwnThreads:
    """Adds up what our threads took, those that have ended included, as far as they were met.

    The kernel is asked by thread id (proc_pid_schedstat: nanoseconds on a processor, first field). A clock of the
    thread itself would have to be made from its handle, which must not be touched once the thread is gone
    (pthread_getcpuclockid(3)).

    >>> OwnThreads().seconds() >= 0.0
    True
    """

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: dict[tuple[int, int], int] = {}

    def seconds(self) -> float:
        """Give the CPU seconds so far; where the kernel does not say, there are none."""
        for thread in threading.enumerate():
            if thread.name.startswith(_PREFIX) and thread.native_id is not None:
                key = thread.native_id, id(thread)
                self._taken[key] = max(_taken_ns(thread.native_id), self._taken.get(key, 0))
        return sum(self._taken.values()) * _NS

    def restart(self) -> None:
        """Start over, in a forked child, which has none of them."""
        self._taken.clear()


def _taken_ns(native_id: int) -> int:
    try:
        with open(f"/proc/self/task/{native_id}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
