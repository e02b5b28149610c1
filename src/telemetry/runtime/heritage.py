"""Keeps a folder of journals from growing where no gateway does: adds up what the dead have left."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import Any, Final

from telemetry._hotpath import Region
from telemetry.contracts import Registry
from telemetry.journal import GATEWAY, JournalFile

MANY: Final = 32
"""Journals beside which nobody minds one more; beyond, each takes memory or disk that others may need."""
_KEEP_BYTES: Final = 256 * 1024 * 1024


def settle(region: Region, registry: Registry) -> None:
    """Wind up the dead of the region's folder, in a thread of its own, if they are many and nobody else does."""
    if not isinstance(region, JournalFile):
        return
    folder = region.folder
    if len(folder.journals()) > MANY and not folder.is_held(GATEWAY):
        # Not in that thread: a child that is forked in the middle of an import could never import the same.
        from telemetry.export.gateway.estate import Estate

        estate = Estate(folder.path, registry, keep_bytes=_KEEP_BYTES)
        with suppress(RuntimeError):  # an interpreter on its way out starts no threads any more (CPython 3.12)
            Thread(target=_wind_up, args=(estate,), name="telemetry-heritage", daemon=True).start()


def _wind_up(estate: Any) -> None:
    with suppress(Exception):  # the next process tries again, and a gateway would say what is wrong
        estate.wind_up()
