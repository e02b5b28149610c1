"""Where one runtime keeps what it records: in a file, where the settings and the folder allow one."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from telemetry._hotpath import Region, extent
from telemetry.config import Settings, default_journal
from telemetry.errors import JournalError
from telemetry.journal import Folder, JournalFile

_LESS_BYTES: Final = (4 * 1024 * 1024, 512 * 1024)
"""What records, and metrics, are bounded by where a process may have no more addresses (`RLIMIT_AS`)."""

Count = Callable[[str, str], None]


def region_of(settings: Settings, count: Count) -> Region:
    """Make the region; where no file can be made that is counted, and what is recorded ends with the process.

    Where there are no addresses for one of its size it is smaller, which is counted too.

    Raises:
        MemoryError: There are none for the smallest one.
    """
    if settings.journal is not False and not settings.disabled:
        try:
            folder = Folder.open(settings.journal or default_journal(settings.service_name))
            return _largest(partial(JournalFile, folder), settings, count)
        except JournalError as error:
            count("journal_unavailable", str(error))
    try:
        return _largest(Region, settings, count)
    except OSError as error:
        raise MemoryError(f"telemetry cannot have 3 MiB of memory: {error.strerror}; raise `ulimit -v`") from error


def put_away(region: Region, count: Count) -> None:
    """Close a region; a file in which there is nothing that anybody needs is removed.

    Metrics are needed by who adds the dead together, and so are counts of what was lost.
    """
    region.close()
    if not isinstance(region, JournalFile) or (_is_needed(region) and not region.is_removed):
        return
    from telemetry.journal import OwnMemory, Reader, balance

    with suppress(JournalError):  # a header that somebody has damaged
        ledger = balance(Reader(OwnMemory(region)))
        waiting = ledger.pending or ledger.logs_pending
        if waiting and region.is_removed:
            count("journal_removed", f"{ledger.pending} spans and {ledger.logs_pending} log records were in it")
        if not (region.words[extent.PAGES_USED] or waiting or ledger.open or ledger.has_losses):
            region.remove()


def _is_needed(region: Region) -> bool:
    """Tell whether it holds metrics, or a record and nobody has taken any: what reads it takes 15 ms to load."""
    words = region.words
    first = (words[extent.RING_AT] + extent.SEGMENT_HEADER_BYTES) // extent.WORD
    return bool(words[extent.PAGES_USED] or (words[first] and not words[extent.CURSOR]))


def _largest(make: Callable[[int, int, int], Region], settings: Settings, count: Count) -> Region:
    """Make the largest region that there are addresses for."""
    ring_bytes, undecided_bytes = settings.journal_bytes, settings.undecided_bytes
    refusal: OSError | None = None
    for room in (max(ring_bytes, Region.pages_bytes, undecided_bytes), *_LESS_BYTES):
        try:
            region = make(min(ring_bytes, room), min(Region.pages_bytes, room), min(undecided_bytes, room))
        except OSError as error:
            if not _lacks_addresses(error):
                raise
            refusal = error
            continue
        if refusal is not None:
            count("journal_reduced", f"the memory for {ring_bytes} bytes was refused, so it holds {room}")
        return region
    assert refusal is not None, "there are rooms to try"
    raise refusal


def _lacks_addresses(error: OSError) -> bool:
    return errno.ENOMEM in (error.errno, getattr(error.__cause__, "errno", None))
