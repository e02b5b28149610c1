"""Serves, ships and winds up for all processes of a folder.

It calls into no process; it reads what they left in their journals. `telemetry gateway` runs one, and tests do.
"""

from __future__ import annotations

import os
from collections.abc import Sequence, Set
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock
from time import monotonic
from types import TracebackType
from typing import Final, Self, final

from prometheus_client import CollectorRegistry

from telemetry.contracts import Registry
from telemetry.errors import JournalError
from telemetry.export.notice import Notice
from telemetry.export.page import Page
from telemetry.journal import GATEWAY, LOCK_NAME, Folder
from telemetry.metrics import MergedMetrics

from .access import Access
from .endpoint import Endpoint
from .fold import KEEP_BYTES, Fold
from .freight import RECORDS, Exporter, Freight
from .listener import Listener
from .roster import Roster
from .vitals import Vitals

TURN_SECONDS: Final = 1.0
"""How often it looks for what is to be shipped, and for who has died."""

_SHIP_SECONDS: Final = 5.0
"""The longest that one turn ships, before it looks after the dead again."""


@final
class Gateway:
    """One gateway; it listens as soon as it is made, and works in `run`.

    Of several gateways of a folder one leads: it ships, and adds up the dead. The others serve `/metrics`, and the
    first of them that can takes over when that one ends.

    Args:
        path: The folder; it is made where it is not there.
        registry: The contracts of the processes.
        access: Who may reach it, and where.
        exporter: What sends; without one, records stay in the journals, for a bundle.
        kinds: What records it sends: `extent.SPAN`, `extent.LOG`, or both; others are given up.
        pushes: Whether merged metrics are sent too.
        keep_bytes: The most that journals of the dead may take.
        delay_seconds: The longest that a record of a living process waits; one of a dead process does not.
        metrics_seconds: The time between two pushes of metrics.
        show_hidden: Whether hidden metrics are shown and sent.

    Raises:
        PortInUseError: Somebody else listens on the port.
        ConfigurationError: The address cannot be listened on.

    Attributes:
        leads: Whether it ships and adds up the dead.
    """

    __slots__ = (
        "_fold",
        "_freight",
        "_led",
        "_listener",
        "_merged",
        "_notice",
        "_path",
        "_roster",
        "_said",
        "_trouble",
        "_turning",
        "leads",
    )

    def __init__(
        self,
        path: Path,
        registry: Registry,
        access: Access,
        *,
        exporter: Exporter | None = None,
        kinds: Set[int] = RECORDS,
        pushes: bool = True,
        keep_bytes: int = KEEP_BYTES,
        delay_seconds: float = 0.0,
        metrics_seconds: float = 5.0,
        show_hidden: bool = False,
    ) -> None:
        self._path = path
        self._notice = Notice()
        self._said: set[str] = set()
        self._trouble = ""
        self._turning = Lock()
        self._led: tuple[int, int] | None = None
        self.leads = False
        self._roster = Roster(path)
        self._merged = MergedMetrics(registry.exposed(hidden=show_hidden), self._roster.parts, self._roster.tell)
        self._fold = Fold(path, registry, keep_bytes=keep_bytes)
        source = self._merged if pushes else None
        self._freight: Freight | None = None
        if exporter is not None:
            self._freight = Freight(
                path, exporter, source, kinds=kinds, delay_seconds=delay_seconds, metrics_seconds=metrics_seconds
            )
        own = CollectorRegistry()
        own.register(Vitals(lambda: self._roster.census, lambda: len(self._merged.refused), lambda: self.leads))
        page = Page(self._merged, own)
        self._listener = Listener(access, Endpoint(page, access, self.hindrances))

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return self._listener.url

    def run(self, stop: Event, *, deadline_seconds: float = 1.0) -> None:
        """Work until somebody sets `stop`; then ship what waits within the deadline, and close."""
        with self:
            while not stop.is_set():
                self.turn()
                stop.wait(TURN_SECONDS)
            self.finish(deadline_seconds)

    def turn(self) -> None:
        """Do once what there is to do: take the lead where nobody has it, ship, and fold the dead."""
        with self._turning:
            try:
                self._lead(Folder.open(self._path))
                if self.leads:
                    self._work()
                self._name_problems()
            except Exception as error:  # noqa: BLE001 -- it reads what others wrote; the next turn may be better
                self._trouble = f"the gateway cannot work: {str(error) or repr(error)}"
                self._notice.say(f"telemetry: {self._trouble}")
            else:
                self._trouble = ""

    def finish(self, deadline_seconds: float) -> None:
        """Ship what waits within a deadline, as the last thing."""
        with self._turning:
            if self.leads and self._freight is not None:
                self._freight.ship(until=monotonic() + deadline_seconds, everything=True)
                self._freight.push(everything=True)

    def hindrances(self) -> Sequence[str]:
        """Give what is in the way of its work, a line each; it takes a scrape to tell."""
        found = [self._trouble, self._freight.hindrance if self._freight is not None else ""]
        try:
            self._merged.measure()
        except Exception as error:  # noqa: BLE001 -- whatever it is, a scrape does not work
            found.append(f"the metrics cannot be read: {error}")
        return [each for each in found if each]

    def close(self) -> None:
        """Stop serving, and let others take over; twice is as good as once."""
        self._listener.close()
        with self._turning:
            folder = None
            with suppress(JournalError):
                folder = Folder.open(self._path)
            if self._freight is not None:
                self._freight.close(folder)
            if self.leads and folder is not None:
                folder.release(GATEWAY)
            self.leads = False

    def _lead(self, folder: Folder) -> None:
        """Take the lead, unless another gateway has it; after the folder was made anew, once more."""
        status = os.stat(folder.path / LOCK_NAME)
        lock = status.st_dev, status.st_ino
        if not self.leads or lock != self._led:
            self.leads = folder.hold(GATEWAY)
            self._led = lock

    def _work(self) -> None:
        if self._freight is not None:
            self._freight.ship(until=monotonic() + _SHIP_SECONDS)
            self._freight.push()
        self._fold.run()

    def _name_problems(self) -> None:
        """Say once of each journal that it cannot be read, and of each metric that it is not shown."""
        problems = {f"{name} ({reason})" for name, reason in dict(self._roster.problems).items()}
        refused = {f"{name} ({reason})" for name, reason in self._merged.refused.items()}
        for what, found in (("cannot be read", problems - self._said), ("is not shown", refused - self._said)):
            if found:
                self._notice.say_now(f"telemetry: {'; '.join(sorted(found))} {what}; the others are served")
                self._said |= found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
