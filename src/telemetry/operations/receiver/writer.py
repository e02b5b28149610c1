"""Writes deliveries together: what waits is one transaction, so a disk flush serves many requests."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from .intake import Intake
from .meters import Meters
from .options import Options
from .problem import Problem
from .store import Store
from .webhook import Delivery

_MOST_ALERTS: Final = 2_000
_MOST_WAITING: Final = 5_000
_PATIENCE_SECONDS: Final = 0.002

Work = Callable[[Connection], Any]


@final
@dataclass(slots=True)
class _Job:
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    delivery: tuple[str, Delivery] | None = None
    work: Work | None = None
    since: float = field(default_factory=time.monotonic)

    def answer(self, value: Any) -> None:
        self.loop.call_soon_threadsafe(_settle, self.future, value)


def _settle(future: asyncio.Future[Any], value: Any) -> None:
    if future.done():
        return  # whoever asked is gone; what was asked is done all the same
    if isinstance(value, BaseException):
        future.set_exception(value)
    else:
        future.set_result(value)


@final
class Writer:
    """One thread that makes all changes of a receiver."""

    def __init__(self, store: Store, options: Options, meters: Meters) -> None:
        self._store = store
        self._options = options
        self._meters = meters
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="alerts-writer", daemon=True)
        self._thread.start()

    async def deliver(self, sender: str, delivery: Delivery) -> dict[str, int]:
        """Keep a delivery; return when it is on disk, with what became of its alerts.

        Raises:
            Problem: Too much waits, or the database does not take it; the sender is to come again.
        """
        job = _Job(asyncio.get_running_loop(), asyncio.get_running_loop().create_future(), (sender, delivery))
        answer: dict[str, int] = await self._submit(job)
        self._meters.committed(time.monotonic() - job.since)
        return answer

    async def change(self, work: Work) -> Any:
        """Run some work in a transaction of its own, and give what it returns.

        Raises:
            Problem: Too much waits, the database does not take it, or the work refuses.
        """
        job = _Job(asyncio.get_running_loop(), asyncio.get_running_loop().create_future(), work=work)
        return await self._submit(job)

    def close(self) -> None:
        """Finish what waits, and end."""
        self._jobs.put(None)
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        """Tell whether it works."""
        return self._thread.is_alive()

    async def _submit(self, job: _Job) -> Any:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise _later("too many requests wait for the disk", "busy") from None
        return await job.future

    def _run(self) -> None:
        is_open = True
        while is_open:
            jobs, is_open = self._next()
            deliveries = [each for each in jobs if each.delivery]
            if deliveries:
                self._keep(deliveries)
            for each in jobs:
                if each.work:
                    self._do(each, each.work)

    def _next(self) -> tuple[list[_Job], bool]:
        """Wait for a job, and take along what else waits."""
        jobs: list[_Job] = []
        alerts = 0
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            alerts += len(job.delivery[1].alerts) if job.delivery else 0
            if alerts >= _MOST_ALERTS:
                return jobs, True
            try:
                job = self._jobs.get(timeout=_PATIENCE_SECONDS)
            except queue.Empty:
                return jobs, True
        return jobs, False

    def _keep(self, jobs: list[_Job]) -> None:
        try:
            with self._store.write() as connection:
                intake = Intake(connection, self._options)
                answers = intake.take([each.delivery for each in jobs if each.delivery])
        except SQLAlchemyError as error:
            self._fail(jobs, error)
            return
        except Exception as error:  # noqa: BLE001 - the thread has to go on: the sender comes again
            self._fail(jobs, error)
            return
        for job, answer in zip(jobs, answers, strict=True):
            job.answer(answer)
        self._meters.taken(intake.counts, intake.latencies_ms)

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        for each in jobs:
            each.answer(_later(f"the database does not take it: {type(error).__name__}", "database"))

    def _do(self, job: _Job, work: Work) -> None:
        try:
            with self._store.write() as connection:
                value = work(connection)
        except Problem as error:
            job.answer(error)
        except Exception as error:  # noqa: BLE001 - as above
            self._fail([job], error)
        else:
            job.answer(value)


def _later(detail: str, reason: str) -> Problem:
    return Problem(503, f"{detail}; send it again", reason=reason, headers={"Retry-After": "1"})
