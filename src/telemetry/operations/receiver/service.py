"""A receiver at work: its database, what writes to it, and what carries on in the background."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, Final, final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from .courier import Courier
from .keeper import Keeper
from .meters import Meters
from .options import Options
from .problem import Problem
from .store import Store
from .writer import Writer

_LOG: Final = logging.getLogger("telemetry.alerts")


@final
class Service:
    """Everything that the handlers of requests share.

    Attributes:
        options: How it was set up.
        store: The database.
        meters: What it measures of itself.
        writer: Makes its changes.
    """

    def __init__(self, options: Options) -> None:
        """Open the database.

        Raises:
            ConfigurationError: It cannot be opened.
        """
        self.options = options
        self.store = Store(options.database)
        self.meters = Meters(options.environment)
        self.writer = Writer(self.store, options, self.meters)
        self._stop = threading.Event()
        self._rounds: list[Keeper | Courier] = [
            Keeper(self.store, options, self.meters),
            Courier(self.store, options, self.meters),
        ]
        self._threads = [
            threading.Thread(target=self._work, args=(each,), name=f"alerts-{type(each).__name__.lower()}", daemon=True)
            for each in self._rounds
        ]

    def start(self) -> None:
        """Begin to work in the background."""
        for each in self._threads:
            each.start()

    def close(self) -> None:
        """End in order: what was promised is on disk."""
        self._stop.set()
        self.writer.close()
        for thread in self._threads:
            thread.join(timeout=1.0)  # a request that hangs is left to the process's end; its row is still there
        for each in self._rounds:
            each.close()
        self.store.close()

    async def look(self, read: Callable[[Connection], Any]) -> Any:
        """Read from the database in another thread.

        Raises:
            Problem: The database does not answer.
        """

        def within() -> Any:
            """Read within one transaction."""
            with self.store.read() as connection:
                return read(connection)

        try:
            return await asyncio.to_thread(within)
        except SQLAlchemyError as error:
            raise Problem(
                503, f"the database does not answer: {type(error).__name__}", reason="database",
                headers={"Retry-After": "1"},
            ) from None  # fmt: skip

    def _work(self, rounds: Keeper | Courier) -> None:
        is_well = True
        while not self._stop.wait(self.options.poll_ms / 1000):
            try:
                rounds.turn()
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                if is_well:  # one line an outage
                    _LOG.warning("%s has to wait: %s", type(rounds).__name__, type(error).__name__)
                is_well = False
            else:
                is_well = True
