"""Where one runtime keeps what it records: in a file, where the settings and the folder allow one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from telemetry._hotpath import Region, extent
from telemetry.config import Settings, default_journal
from telemetry.errors import JournalError
from telemetry.journal import Folder, JournalFile, OwnMemory, Reader, balance


def region_of(settings: Settings, count: Callable[[str, str], None]) -> Region:
    """Make the region; where no file can be made that is counted, and what is recorded ends with the process."""
    if settings.journal is not False and not settings.disabled:
        try:
            folder = settings.journal or default_journal(settings.service_name)
            return JournalFile(Folder.open(folder), settings.journal_bytes)
        except JournalError as error:
            count("journal_unavailable", str(error))
    return Region(settings.journal_bytes)


def put_away(region: Region, count: Callable[[str, str], None]) -> None:
    """Close a region; a file in which there is nothing that anybody needs is removed.

    Metrics are needed by who adds the dead together, and so are counts of what was lost.
    """
    region.close()
    if not isinstance(region, JournalFile):
        return
    with suppress(JournalError):  # a header that somebody has damaged
        ledger = balance(Reader(OwnMemory(region)))
        waiting = ledger.pending or ledger.logs_pending
        if waiting and region.is_removed:
            count("journal_removed", f"{ledger.pending} spans and {ledger.logs_pending} log records were in it")
        if not (region.words[extent.PAGES_USED] or waiting or ledger.open or ledger.has_losses):
            region.remove()
