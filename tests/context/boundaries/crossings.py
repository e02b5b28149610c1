"""A program that does jobs across the boundaries of one start method; each job says what its parent has to be.

python -m tests.context.boundaries.crossings fork|spawn|forkserver patched|propagated|plain [URL]
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import telemetry

REGISTRY = Path(__file__).parents[2] / "instrument" / "registry.json"

Send = Callable[[str, str], object]
"""Has a job done beyond a boundary, and waits for it: its label, and that of its parent, empty for none."""

Opened = Iterator[dict[str, Send]]


def job(label: str, parent: str) -> int:
    """Record a span that says its label, and what its parent has to be."""
    with telemetry.span("job", attributes={"job.label": label, "job.parent": parent}):
        return os.getpid()


class _Job:
    """A process with a `run` of its own."""

    names = ("", "")

    def run(self) -> None:
        """Do the job."""
        job(*self.names)


class ForkJob(_Job, multiprocessing.context.ForkProcess):
    """One that is forked."""


class SpawnJob(_Job, multiprocessing.context.SpawnProcess):
    """One that begins empty."""


class ServerJob(_Job, multiprocessing.context.ForkServerProcess):
    """One that a server forks."""


JOBS = {"fork": ForkJob, "spawn": SpawnJob, "forkserver": ServerJob}


def through(process: Any) -> None:
    """Start a process, and wait for it to end well."""
    process.start()
    process.join()
    assert process.exitcode == 0


def bound(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give what is sent: the function itself, unless the context goes with it explicitly."""
    return telemetry.propagate(function) if sys.argv[2] == "propagated" else function


@contextmanager
def processes(method: Any) -> Opened:
    """Open nothing: each job has a process."""

    def subclass(*names: str) -> None:
        process = JOBS[sys.argv[1]]()
        process.names = names
        through(process)

    of_target: dict[str, Send] = {"process": lambda *names: through(method.Process(target=bound(job), args=names))}
    yield of_target | ({} if sys.argv[2] == "propagated" else {"subclass": subclass})


@contextmanager
def pool(method: Any) -> Opened:
    """Open a pool, whose workers are terminated in the end."""
    with method.Pool(workers_count()) as workers:
        yield {
            "apply": lambda *names: workers.apply(bound(job), names),
            "apply_async": lambda *names: workers.apply_async(func=bound(job), args=names).get(),
            "starmap": lambda *names: workers.starmap(bound(job), [names]),
            "starmap_async": lambda *names: workers.starmap_async(bound(job), [names], 3).get(),
            "map": lambda *names: workers.map(bound(jobs), [names]),
            "map_async": lambda *names: workers.map_async(bound(jobs), [names]).get(),
            "imap": lambda *names: list(workers.imap(bound(jobs), [names])),
            "imap_unordered": lambda *names: list(workers.imap_unordered(bound(jobs), [names], 2)),
        }


@contextmanager
def executor(method: Any) -> Opened:
    """Open an executor, whose workers end by themselves."""
    with ProcessPoolExecutor(workers_count(), mp_context=method) as workers:
        yield {
            "submit": lambda *names: workers.submit(bound(job), *names).result(),
            "executor_map": lambda *names: list(workers.map(bound(job), *zip(names, strict=True))),
        }


def jobs(names: tuple[str, str]) -> int:
    """Do a job, given in one argument."""
    return job(*names)


@contextmanager
def root(label: str) -> Iterator[str]:
    """Open the root of a trace."""
    with telemetry.span("job", attributes={"job.label": label, "job.parent": ""}):
        yield label


def shapes(name: str, send: Send, opener: str) -> None:
    """Have jobs done below a span, by two threads at once, and for nobody; a pool is inside `opener` all the while."""
    with telemetry.span("job", attributes={"job.label": f"{name} inner", "job.parent": opener}):
        send(f"{name} nested", known(name, f"{name} inner"))
    if is_brief(name):
        return
    ready = threading.Barrier(2)

    def apart(number: int) -> None:
        ready.wait(30)
        with root(f"{name} root {number}") as label:
            send(f"{name} concurrent {number}", known(name, label))

    callers = [threading.Thread(target=outside(apart), args=(number,)) for number in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    orphan = threading.Thread(target=outside(send), args=(f"{name} for nobody", ""))
    orphan.start()
    orphan.join()


def known(name: str, sender: str) -> str:
    """Give the parent of a job: its sender, but in a pool without the switch, where nobody knows it."""
    return "" if sys.argv[2] == "plain" and name not in ("process", "subclass") else sender


def is_brief(name: str) -> bool:
    """Tell whether one shape of a boundary is enough: a process that begins empty takes half a second."""
    return sys.argv[1] != "fork" and (name == "subclass" or (name == "process" and sys.argv[2] == "propagated"))


def workers_count() -> int:
    """Give the number of workers of a pool: two, but where one is enough."""
    return 1 if sys.argv[1] != "fork" and sys.argv[2] == "propagated" else 2


def outside(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run where no span is current, although the thread is started inside one."""

    def run(*arguments: Any) -> None:
        from telemetry._hotpath import ambient

        token = telemetry.attach(ambient.Ambient())
        function(*arguments)
        telemetry.detach(token)

    return run


def main(name: str, how: str, url: str = "") -> None:
    """Cross every boundary of a start method."""
    runtime = telemetry.configure("crossings", registry=REGISTRY, endpoint=url or None, patch_stdlib=how == "patched")
    method = multiprocessing.get_context(name)
    for opened in (processes, pool, executor):
        with root(f"{opened.__name__} opener") as opener, opened(method) as sends:
            for boundary, send in sends.items():
                shapes(boundary, send, opener)
    sys.exit(not runtime.shutdown())


if __name__ == "__main__":
    main(*sys.argv[1:])
