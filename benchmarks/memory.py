"""Count what kept objects take: each case in processes of its own, where nothing else can be counted by mistake."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from os import cpu_count, sysconf
from pathlib import Path

from .harness import Call, Case, Effort, Measurement

KEPT = 10_000
WARM = 100
_PEAK = "\nprint(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"


def _none_held() -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Growth:
    """What a case of kept objects gives.

    Attributes:
        keep: Makes one object more, which stays.
        held_bytes: What the objects take in memory that `tracemalloc` does not see.
        number: How many objects are kept.
    """

    keep: Call
    held_bytes: Callable[[], int] = _none_held
    number: int = KEPT


def measure_kept(cases: Sequence[Case], effort: Effort) -> tuple[Measurement, ...]:
    """Give the bytes that one kept object takes, traced, and beside them what it adds to the resident memory."""
    del effort  # one round says it all: a count of bytes does not depend on the hour
    with ProcessPoolExecutor(cpu_count(), get_context("spawn"), max_tasks_per_child=1) as pool:
        traced = list(pool.map(grow, cases, [True] * len(cases)))
        resident = list(pool.map(grow, cases, [False] * len(cases)))
    return tuple(
        Measurement(case.name, KEPT, (seen,), (beside,), "bytes")
        for case, seen, beside in zip(cases, traced, resident, strict=True)
    )


def grow(case: Case, traced: bool) -> float:
    """Keep a number of objects in this process and give the bytes that each of them added."""
    with ExitStack() as stack:
        growth: Growth = case.open(stack)
        for _ in range(WARM):
            growth.keep()
        if traced:
            tracemalloc.start()
            stack.callback(tracemalloc.stop)
        before = _used_bytes(growth, traced=traced)
        for _ in range(growth.number):
            growth.keep()
        return (_used_bytes(growth, traced=traced) - before) / growth.number


def _used_bytes(growth: Growth, *, traced: bool) -> int:
    gc.collect()
    if traced:
        return tracemalloc.get_traced_memory()[0] + growth.held_bytes()
    return int(Path("/proc/self/statm").read_text().split()[1]) * sysconf("SC_PAGE_SIZE")


def measure_peak(cases: Sequence[Case], effort: Effort) -> tuple[Measurement, ...]:
    """Give the highest resident memory of whole programs; the opener of a case gives the program's text."""
    rounds = min(3, effort.rounds)
    with ExitStack() as stack:
        programs = [(case.name, case.open(stack)) for case in cases]
        return tuple(
            Measurement(name, 1, tuple(peak_bytes(program) for _ in range(rounds)), unit="bytes")
            for name, program in programs
        )


def peak_bytes(program: str) -> float:
    """Run a program in a fresh isolated interpreter; it says itself what it needed.

    Asking from outside would not do: the peak that `wait4` gives counts the parent's pages, up to the exec.

    Raises:
        CalledProcessError: The program failed.
    """
    command = [sys.executable, "-I", "-c", program + _PEAK]
    done = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return float(done.stdout.split()[-1]) * 1024
