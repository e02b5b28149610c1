"""Keeps a folder of journals from growing where no gateway does: adds up what the dead have left."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, Final

from telemetry._hotpath import Region
from telemetry.contracts import Registry
from telemetry.journal import DEAD_NAME, GATEWAY, Folder, JournalFile

MANY: Final = 32
"""New journals beside which nobody minds one more; beyond, each takes memory or disk that others may need."""
_KEEP_BYTES: Final = 256 * 1024 * 1024


def settle(region: Region, registry: Registry) -> None:
    """Wind up the dead of the region's folder, in a thread of its own, if many are new and nobody else does."""
    if isinstance(region, JournalFile) and _are_many(region.folder) and not region.folder.is_held(GATEWAY):
        # Not in that thread: a child that is forked in the middle of an import could never import the same.
        from telemetry.export.gateway.estate import Estate

        estate = Estate(region.folder.path, registry, keep_bytes=_KEEP_BYTES)
        with suppress(RuntimeError):  # an interpreter on its way out starts no threads any more (CPython 3.12)
            Thread(target=_wind_up, args=(estate,), name="telemetry-heritage", daemon=True).start()


def _are_many(folder: Folder) -> bool:
    """Tell whether many journals have changed since the dead were last wound up: what is kept of them costs nobody."""
    wound_up_ns = _changed_ns(folder.path / DEAD_NAME)
    return sum(_changed_ns(path) > wound_up_ns for path in folder.journals()) > MANY


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _wind_up(estate: Any) -> None:
    with suppress(Exception):  # the next process tries again, and a gateway would say what is wrong
        estate.wind_up()
