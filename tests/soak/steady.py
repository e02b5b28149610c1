"""The program of a child that works while something around it fails: `python -m tests.soak.steady '{…}'`.

When its work is done it says in one line of JSON how it fared, and ends; what it takes from there on is the exit.
"""

from __future__ import annotations

import sys

from tests.soak.deaths import Life
from tests.soak.orders import Orders
from tests.soak.recorders import open_recorder
from tests.soak.report import Report
from tests.soak.truth import Truth

import telemetry


def anonymous_bytes() -> int:
    """Measure the memory of this process that is no file's: what a queue of objects would grow."""
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["RssAnon"].split()[0]) * 1024


def work(orders: Orders) -> Report:
    """Record a first quarter, in which everything is loaded that is ever needed, and the rest."""
    life = Life(open_recorder(orders), Truth(orders.truth), orders)
    life.within(orders.seconds / 4)
    before = anonymous_bytes()
    life.within(orders.seconds * 3 / 4)
    runtime = telemetry.current()
    losses = dict(runtime.losses()) if runtime is not None else {}
    return Report(grown_bytes=anonymous_bytes() - before, losses=losses)


if __name__ == "__main__":
    sys.stdout.write(work(Orders.read(sys.argv[1])).written() + "\n")
    sys.stdout.flush()
