"""Keeps a folder of journals from growing where no gateway does: has the dead folded, now and then."""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Thread
from typing import Any, Final

from telemetry._hotpath import Region
from telemetry.contracts import Registry
from telemetry.journal import DEAD_NAME, GATEWAY, Folder, JournalFile

MANY: Final = 32
"""New journals beside which nobody minds one more; beyond, each takes memory or disk that others may need."""
_TOO_MANY: Final = 4 * MANY
_PATIENCE_SECONDS: Final = 5.0
_KEEP_BYTES: Final = 256 * 1024 * 1024

_threads: list[Thread] = []
"""The last one; in a forked child it is not alive."""


def fold_many(region: Region, registry: Registry) -> None:
    """Fold the dead of the region's folder, in a thread of its own, if many are new and no gateway does.

    Beside too many it waits for that, some seconds at most: who forks without a pause leaves a thread of the same
    process no time.
    """
    if not isinstance(region, JournalFile):
        return
    new = _count_new(region.folder)
    if new <= MANY or region.folder.is_held(GATEWAY):
        return
    thread = _folding(region.folder, registry)
    if new > _TOO_MANY:
        thread.join(_PATIENCE_SECONDS)


def _folding(folder: Folder, registry: Registry) -> Thread:
    """Give the thread that folds, which is started where none is at it."""
    if _threads and _threads[0].is_alive():
        return _threads[0]
    # Not in that thread: a child that is forked in the middle of an import could never import the same.
    from telemetry.export.gateway.fold import Fold

    fold = Fold(folder.path, registry, keep_bytes=_KEEP_BYTES)
    thread = Thread(target=_run, args=(fold,), name="telemetry-fold", daemon=True)
    with suppress(RuntimeError):  # an interpreter on its way out starts no threads any more (CPython 3.12)
        thread.start()
        _threads[:] = [thread]
    return thread


def _count_new(folder: Folder) -> int:
    """Count the journals that have changed since the dead were last folded: what is kept of them costs nobody."""
    folded_ns = _changed_ns(folder, DEAD_NAME)
    return sum(_changed_ns(folder, name) > folded_ns for name in folder.names())


def _changed_ns(folder: Folder, name: str) -> int:
    try:
        return os.stat(os.path.join(folder.place, name)).st_mtime_ns
    except OSError:
        return 0


def _run(fold: Any) -> None:
    with suppress(Exception):  # the next process tries again, and a gateway would say what is wrong
        fold.run()
