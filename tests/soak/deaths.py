"""The ways to die: what a child does until then, and the signal that is sent to it, where one is.

`DEATHS` has them by name. Each records spans within a long one, in one process or in several, and says all of it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import inf
from multiprocessing import get_context
from random import SystemRandom
from time import monotonic, sleep
from typing import Any, NoReturn, final

from tests.soak.orders import Orders
from tests.soak.recorders import Recorder, open_recorder
from tests.soak.truth import Truth

_MARGIN_BYTES = 48 << 20
_WORKERS = 2


@final
@dataclass(frozen=True, slots=True)
class Life:
    """What a process lives for: to record, and to say so."""

    recorder: Recorder
    truth: Truth
    orders: Orders

    def record(self, seconds: float, inside: Callable[[], object] = lambda: None) -> None:
        """Record as many spans as ordered, within some seconds; where these are endless, wait to be killed.

        The first one, in which everything is made that recording needs, comes before these seconds.
        """
        self._one(inside)
        start = monotonic()
        end = start + seconds
        pause = 1 / self.orders.spans_per_second if self.orders.spans_per_second else 0.0
        for number in range(self.orders.spans - 1):
            if monotonic() >= end:
                return
            self._one(inside)
            if pause:
                sleep(max(0.0, start + (number + 1) * pause - monotonic()))
        while seconds == inf:
            sleep(1)

    def _one(self, inside: Callable[[], object]) -> None:
        if span_id := self.recorder.one(inside):  # none once recording was shut down
            self.truth.ended(span_id)

    def within(self, seconds: float, then: Callable[[], object] = lambda: None) -> None:
        """Record within a long span, and do something there at last."""
        with self.recorder.outer() as span_id:
            if span_id:
                self.truth.began(span_id)
            self.record(seconds)
            then()
        if span_id:
            self.truth.ended(span_id)

    def within_one(self, then: Callable[[], object]) -> None:
        """Do something in a span that is within a long one."""
        self.within(self.orders.seconds, lambda: self.recorder.one(then))


_worker: Life | None = None
"""What a worker of a pool lives for: inherited by a forked one, made by `_become_worker` in another."""


def _become_worker(orders: Orders) -> None:
    global _worker
    _worker = _worker or Life(open_recorder(orders), Truth(orders.truth), orders)


def _task(seconds: float) -> int:
    assert _worker is not None, "the worker was not initialised"
    _worker.within(seconds)
    return os.getpid()


def _wait_for_it(life: Life) -> None:
    life.within(inf)


def _end(life: Life) -> None:
    life.within(life.orders.seconds)


def _os_exit(life: Life) -> None:
    life.within_one(partial(os._exit, 3))


def _segfault(life: Life) -> None:
    life.within_one(partial(ctypes.string_at, 0))


def _exec(life: Life) -> None:
    life.within_one(partial(os.execv, "/bin/true", ["true"]))


def _exhaust_memory(life: Life) -> None:
    life.within_one(_hoard)


def _hoard() -> NoReturn:
    """Take all memory that there is, down to the last page, and keep it while the exception travels."""
    with open("/proc/self/statm") as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + _MARGIN_BYTES, resource.RLIM_INFINITY))
    hoard: list[Any] = []
    for block in (1 << 20, 1 << 14, 1 << 10):
        try:
            while True:
                hoard.append(bytearray(block))
        except MemoryError:
            continue
    raise MemoryError(f"{len(hoard)} blocks")


def _fork_children(life: Life) -> None:
    """Fork while a span is open; each child dies in its own way, and the parent without a word."""

    def die_together() -> NoReturn:
        ways = (partial(os._exit, 3), _kill_self, partial(ctypes.string_at, 0))
        children = [_forked(partial(life.within_one, way)) for way in ways]
        life.record(life.orders.seconds)
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert ends == [3, -9, -11], f"the children ended with {ends}"
        os._exit(3)

    life.within(life.orders.seconds, die_together)


def _forked(live: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        live()
    finally:
        os._exit(99)


def _kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_children(life: Life) -> None:
    """Kill forked children, one after the other, some microseconds after each has got going."""
    chance = SystemRandom()
    for _ in range(life.orders.rounds):
        said = os.stat(life.orders.truth).st_size
        child = _forked(partial(life.within, inf))
        while os.stat(life.orders.truth).st_size < said + 64:
            pass
        moment = monotonic() + chance.uniform(0, 500e-6)
        while monotonic() < moment:
            pass
        os.kill(child, signal.SIGKILL)
        end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert end == -signal.SIGKILL, f"the child ended with {end}"


def _recycle_workers(life: Life) -> None:
    with get_context("fork").Pool(_WORKERS, _become_worker, (life.orders,), maxtasksperchild=1) as pool:
        pids = pool.map(_task, [life.orders.seconds] * life.orders.rounds, chunksize=1)
        pool.close()
        pool.join()
    assert len(set(pids)) == life.orders.rounds, "no worker was recycled"


def _terminate_workers(life: Life) -> None:
    with get_context("fork").Pool(_WORKERS, _become_worker, (life.orders,)) as pool:
        pool.map_async(_task, [inf] * _WORKERS, chunksize=1)
        life.within(life.orders.seconds + 0.02)


def _use_executor(method: str, life: Life) -> None:
    context = get_context(method)
    with ProcessPoolExecutor(_WORKERS, context, _become_worker, (life.orders,)) as executor:
        for done in [executor.submit(_task, life.orders.seconds) for _ in range(life.orders.rounds)]:
            done.result()


def _leave_threads(life: Life) -> None:
    """End some threads by `sys.exit`, and leave one recording while the interpreter goes."""
    endless = threading.Thread(target=life.within, args=(inf,), daemon=True)
    ending = [threading.Thread(target=life.within_one, args=(partial(sys.exit, 1),)) for _ in range(3)]
    for thread in (endless, *ending):
        thread.start()
    for thread in ending:
        thread.join()


@final
@dataclass(frozen=True, slots=True)
class Death:
    """One way to die.

    Attributes:
        title: What it is called in the table.
        live: What the child does.
        status: How it has to end, as `Popen.returncode` says it.
        sent: The signal that ends it from outside.
    """

    title: str
    live: Callable[[Life], None]
    status: int
    sent: signal.Signals | None = None


DEATHS = {
    "kill": Death("SIGKILL", _wait_for_it, -9, signal.SIGKILL),
    "inside": Death("SIGKILL, µs after the first spans (8 forked children a run)", _kill_children, 0),
    "term": Death("SIGTERM", _wait_for_it, -15, signal.SIGTERM),
    "interrupt": Death("SIGINT", _wait_for_it, -2, signal.SIGINT),
    "os_exit": Death("`os._exit` in a span", _os_exit, 3),
    "segfault": Death("segmentation fault in a span", _segfault, -11),
    "exec": Death("`os.execv` in a span", _exec, 0),
    "memory": Death("`MemoryError`, and none left for the exit", _exhaust_memory, 1),
    "fork": Death("forked children: `os._exit`, SIGKILL, segmentation fault", _fork_children, 3),
    "pool": Death("`Pool(maxtasksperchild=1)`, 8 tasks", _recycle_workers, 0),
    "terminate": Death("`Pool.terminate` in the middle of tasks", _terminate_workers, 0),
    "fork_executor": Death("`ProcessPoolExecutor`, fork", partial(_use_executor, "fork"), 0),
    "spawn_executor": Death("`ProcessPoolExecutor`, spawn", partial(_use_executor, "spawn"), 0),
    "server_executor": Death("`ProcessPoolExecutor`, forkserver", partial(_use_executor, "forkserver"), 0),
    "threads": Death("`sys.exit` in threads, one thread going on", _leave_threads, 0),
    "exit": Death("end of the program", _end, 0),
}


def live(orders: Orders) -> None:
    """Do as ordered, in this process."""
    global _worker
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _worker = Life(open_recorder(orders), Truth(orders.truth), orders)
    DEATHS[orders.death].live(_worker)
