"""Where one runtime keeps what it records: in a file, where the settings and the folder allow one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from telemetry._hotpath import Region, extent
from telemetry.config import Settings, default_journal
from telemetry.errors import JournalError
from telemetry.journal import Folder, JournalFile, OwnMemory, Reader


def region_of(settings: Settings, count: Callable[[str, str], None]) -> Region:
    """Make the region; where no file can be made that is counted, and what is recorded ends with the process."""
    if settings.journal is not False and not settings.disabled:
        try:
            folder = settings.journal or default_journal(settings.service_name)
            return JournalFile(Folder.open(folder), settings.journal_bytes)
        except JournalError as error:
            count("journal_unavailable", str(error))
    return Region(settings.journal_bytes)


_LOSSES = (
    extent.SPANS_OVERWRITTEN,
    extent.LOGS_OVERWRITTEN,
    extent.SPANS_TOO_LARGE,
    extent.SPANS_REFUSED,
    extent.LOGS_REFUSED,
    extent.SPANS_TORN,
    extent.SPANS_CORRUPT,
    extent.TORN_COUNT,
    extent.ABANDONED,
)


def put_away(region: Region) -> None:
    """Close a region; a file in which there is nothing that anybody needs is removed.

    Metrics are needed by who adds the dead together, and so are counts of what was lost.
    """
    region.close()
    with suppress(JournalError):  # a header that somebody has damaged
        if isinstance(region, JournalFile) and _is_empty(region):
            region.remove()


def _is_empty(region: Region) -> bool:
    words = region.words
    if words[extent.PAGES_USED] or any(words[word] for word in _LOSSES):
        return False
    found = Reader(OwnMemory(region))
    return found.pending() == (0, 0) and not found.opened()
