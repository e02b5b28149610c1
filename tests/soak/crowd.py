"""The program of a crowd: forked processes with threads, all recording spans and metrics as fast as they can.

`python -m tests.soak.crowd '{…}'`; each process counts for itself what it recorded, and the first one says the sums.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from multiprocessing import get_context
from threading import Thread
from time import monotonic

from tests.soak.orders import Orders
from tests.soak.recorders import open_recorder
from tests.soak.recorders.ours import Ours
from tests.soak.report import Report

import telemetry

PROCESSES, THREADS = 4, 8
LABELS = {"backend": "c-gcc", "environment": "development", "host_region": "unknown"}


def _record(recorder: Ours, seconds: float, counts: Counter[str]) -> None:
    """Record in one thread; its own count needs no lock."""
    finished = telemetry.metric("compile_success_total").labels(backend="c-gcc")
    took = telemetry.metric("pipeline_latency_seconds").labels(backend="c-gcc")
    number = 0
    end = monotonic() + seconds
    while monotonic() < end:
        recorder.one(int)
        finished.inc()
        took.observe(number % 7)
        number += 1
    counts["recorded"] += number
    counts["sum"] += sum(each % 7 for each in range(7)) * (number // 7) + sum(range(number % 7))


def _live(orders: Orders) -> dict[str, int]:
    """Record in all threads of a process."""
    recorder = Ours()
    counts = [Counter[str]() for _ in range(THREADS)]
    threads = [Thread(target=_record, args=(recorder, orders.seconds, each)) for each in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"pid": os.getpid(), **sum(counts, Counter[str]())}


def work(orders: Orders) -> Report:
    """Record in all processes; the pool ends them without a word, as pools do."""
    open_recorder(orders)
    with get_context("fork").Pool(PROCESSES) as pool:
        lives = pool.map(_live, [orders] * PROCESSES, chunksize=1)
    return Report(counts={name: sum(life[name] for life in lives) for name in ("recorded", "sum")})


if __name__ == "__main__":
    sys.stdout.write(work(Orders.read(sys.argv[1])).written() + "\n")
    sys.stdout.flush()
