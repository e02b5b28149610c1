"""Folds what dead processes left: metrics go into the totals of the dead, and empty files go.

A file stays while it holds records that nobody has taken, up to a limit for all of them together. It sends nothing:
`freight` does that before. `gateway` calls it between scrapes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import time_ns
from typing import Final, final

from telemetry._hotpath import extent
from telemetry.contracts import Registry
from telemetry.errors import JournalError
from telemetry.export.notice import Notice
from telemetry.journal import (
    DEAD_NAME,
    FOLDING,
    Dead,
    FileMemory,
    Folder,
    is_gone,
    open_journal,
    read_dead,
    set_aside,
    write_dead,
)
from telemetry.metrics import MergedPages, Part, Rule, parts_of

from .directory import listed
from .remains import Remains, look

_BATCH: Final = 512
"""Journals that are read before the totals are written: some megabytes of pages."""

_TICK_NS: Final = 10_000_000
"""What the clock of files may lag behind (a tick of the kernel, at most 10 ms)."""

KEEP_BYTES: Final = 1 << 30
"""What the journals of the dead may take together, unless told otherwise."""


@final
class Fold:
    """Folds the dead of one folder.

    Args:
        path: The folder.
        registry: Says how the gauges of several processes become one.
        keep_bytes: The most that the journals of the dead may take; the oldest go first, and their ledgers say so.
    """

    __slots__ = ("_keep_bytes", "_notice", "_path", "_registry", "_seen")

    def __init__(self, path: Path, registry: Registry, *, keep_bytes: int = KEEP_BYTES) -> None:
        self._path = path
        self._registry = registry
        self._keep_bytes = keep_bytes
        self._notice = Notice()
        self._seen: dict[int, Remains] = {}

    def run(self) -> bool:
        """Do what can be done now; tell whether it was: not where somebody else is at it, or the disk takes nothing."""
        began_ns = time_ns() - _TICK_NS
        try:
            paths, folder = listed(self._path)
            if not folder.hold(FOLDING):
                return False
            try:
                self._run(paths, folder)
                with suppress(OSError):
                    os.utime(folder.path / DEAD_NAME, ns=(began_ns, began_ns))  # what came later counts as new
            finally:
                folder.release(FOLDING)
        except OSError as error:
            where = f"telemetry: the dead of {self._path} cannot be added up"
            self._notice.say(f"{where}: {error}; they are read one by one meanwhile")
            return False
        return True

    def _run(self, paths: Mapping[int, Path], folder: Folder) -> None:
        gone = {key: path for key, path in paths.items() if is_gone(folder, key, path)}
        dead = before = self._totals(folder).among(paths.keys())
        waiting = iter([key for key in gone if key not in dead.folded])
        while keys := list(islice(waiting, _BATCH)):
            dead = before = self._with_metrics(dead, {key: gone[key] for key in keys})
            write_dead(folder, dead)
        self._seen = dict(self._looked(gone))
        for key, counts in self._finished(dead):
            dead = dead.with_ledger(key, counts)
        if dead != before:
            write_dead(folder, dead)
        for key in dead.folded & gone.keys():
            self._close(gone[key], key, folder, finished=key in dead.settled)

    def _totals(self, folder: Folder) -> Dead:
        try:
            return read_dead(folder)
        except JournalError as error:
            if error.__cause__ is not None:
                raise  # it could not be read, which says nothing of what is in it
            aside = set_aside(folder)
            self._notice.say_now(f"telemetry: {error}; they begin anew, and {aside.name} has what there was")
            return Dead()

    def _with_metrics(self, dead: Dead, gone: Mapping[int, Path]) -> Dead:
        """Add the metrics of some of the dead to those of the others."""
        parts: list[Part] = parts_of(dead.pages)
        keys: set[int] = set()
        for key, path in gone.items():
            with suppress(JournalError), open_journal(path, only_read=True) as reader:
                if reader.identity.key == key:
                    parts += parts_of(reader.snapshots())
                    keys.add(key)
        merged = MergedPages(Rule(self._registry, keep_all=True))
        merged.merge([(part, False) for part in parts], now_ns=time_ns())
        return dead.with_metrics([*merged.snapshots(), *merged.snapshots(foreign=True)], keys)

    def _looked(self, gone: Mapping[int, Path]) -> Iterator[tuple[int, Remains]]:
        for key, path in gone.items():
            remains = look(path, self._seen.get(key))
            if remains is not None and remains.key == key:
                yield key, remains

    def _finished(self, dead: Dead) -> Iterator[tuple[int, Mapping[str, int]]]:
        """Give the ledgers of those whose files go: the empty ones, and the oldest where all take too much."""
        left = {key: each for key, each in self._seen.items() if key in dead.folded - dead.settled}
        for key, remains in left.items():
            if remains.is_empty:
                yield key, remains.counts
        kept = sorted((each for each in left.values() if not each.is_empty), key=lambda each: each.died_ns)
        excess = sum(each.size for each in kept) - self._keep_bytes
        for remains in kept:
            if excess <= 0:
                return
            excess -= remains.size
            self._notice.say(_removal(remains, self._keep_bytes))
            yield remains.key, remains.abandoned

    def _close(self, path: Path, key: int, folder: Folder, *, finished: bool) -> None:
        """Remove a file that is finished, unless somebody ships it now; let another one say that it was added up."""
        if finished:
            if folder.hold(key + 1):
                path.unlink(missing_ok=True)
                folder.release(key + 1)
        elif key in self._seen and not self._seen[key].is_marked:
            died_ns = self._seen[key].died_ns
            with suppress(OSError), FileMemory(path) as memory:
                memory.put(extent.FOLDED, 1)
                os.utime(path, ns=(died_ns, died_ns))  # it is no newer for that


def _removal(remains: Remains, keep_bytes: int) -> str:
    lost = f"{remains.spans} spans and {remains.logs} log records that nobody shipped"
    return f"telemetry: the journals of the dead take more than {keep_bytes} bytes; the oldest went, with {lost}"
