"""A program whose children end by themselves, and whose telemetry arrives all the same.

python -m tests.context.boundaries.departures fork|spawn|forkserver|os URL
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import telemetry

from .crossings import REGISTRY, job, root

IDS = 6_250


def counting(label: str, parent: str) -> int:
    """Do a job, and count three."""
    telemetry.metric("shop_ticks_total").inc(3)
    return job(label, parent)


def main(method: str, url: str) -> None:
    """Count 100 here, and 3 in each of two children, beyond the two boundaries; say who did it."""
    telemetry.configure("departures", registry=REGISTRY, endpoint=url, patch_stdlib=True)
    telemetry.metric("shop_ticks_total").inc(100)
    random.seed(1)
    state = random.getstate()
    context: Any = multiprocessing.get_context(method)
    with root("root") as parent:
        process = context.Process(target=counting, args=("process", parent))
        process.start()
        process.join()
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            worker = executor.submit(counting, "executor", parent).result()
    assert random.getstate() == state
    sys.stdout.write(json.dumps([os.getpid(), process.pid, worker]))
    sys.stdout.flush()
    telemetry.shutdown()


def ids(number: int) -> list[int]:
    """Give the ids of many spans of this process, and whether the stream of random numbers is where it was seeded."""
    random.seed(number)
    state = random.getstate()
    opened = [telemetry.span("job") for _ in range(IDS)]
    assert random.getstate() == state
    return [each.span_id for each in opened] + [each.trace_id for each in opened]


def collide() -> None:
    """Have eight forked processes make ids at once, and count those that are there once."""
    telemetry.configure("departures", registry=REGISTRY, journal=False)
    random.seed(1)
    with multiprocessing.get_context("fork").Pool(8) as pool:
        found = pool.map(ids, range(8), chunksize=1)
    is_untouched = random.random() == random.Random(1).random()
    sys.stdout.write(f"{len({each for made in found for each in made})} {is_untouched}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(*sys.argv[1:])
    else:
        collide()
