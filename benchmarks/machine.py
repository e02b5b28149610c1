"""Tell what the benchmarks ran on, and whether somebody else was using it meanwhile."""

from __future__ import annotations

import os
import platform
import resource
import time
from pathlib import Path
from typing import final

STAT = Path("/proc/stat")


def describe() -> dict[str, str]:
    """Name the processor, the kernel and the interpreter."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


@final
class Watch:
    """See how many cores others used between `Watch()` and `foreign_cores()`.

    It compares the busy time of the whole machine (`/proc/stat`, first line: see proc_stat(5)) with the processor time
    of this process and of its finished children. A machine that is shared from outside slows down without showing here;
    the ratio to the floor stands that, absolute times do not.
    """

    __slots__ = ("_busy", "_own", "_wall")

    def __init__(self) -> None:
        self._wall = time.perf_counter()
        self._busy = _busy_seconds()
        self._own = _own_seconds()

    def foreign_cores(self) -> float:
        """Give the mean number of cores that were busy with something else."""
        wall = time.perf_counter() - self._wall
        foreign = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return max(0.0, foreign / wall)


def _busy_seconds() -> float:
    with STAT.open() as stat:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
