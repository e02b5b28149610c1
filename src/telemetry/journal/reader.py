"""Read the journal of one process: its records, open spans, counts and metric pages.

Nothing in it is trusted: the process writes meanwhile, or died in the middle of it, and a disk may have changed it.
Whatever leaves a process reads through here; it sends nothing itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final
from uuid import UUID

from telemetry._hotpath import Chunk, extent
from telemetry.errors import JournalError
from telemetry.signals import SpanRecord

from .batches import Batch, Batches
from .folder import Folder
from .header import check
from .memory import FileMemory, Memory
from .notes import Notes
from .opened import OpenSpan, latest, open_spans
from .pages import snapshots
from .segments import Segments
from .undecided import UndecidedSpan, undecided_spans

_WHOLE: Final = 1 << 62

COUNTS: Final = (
    "started",
    "sampled_out",
    "torn_count",
    "abandoned",
    "exhausted",
    "spans_overwritten",
    "logs_overwritten",
    "spans_too_large",
    "logs_too_large",
    "logs_written",
    "spans_shipped",
    "logs_shipped",
    "spans_refused",
    "logs_refused",
    "spans_torn",
    "spans_corrupt",
    "metrics_shipped_ns",
    "spans_closed",
    "folded",
    "undecided_full",
    "undecided_dropped",
)
"""The names of all words that count, in lower case as in `extent`."""


@final
@dataclass(frozen=True, slots=True)
class Identity:
    """The process that a journal is of.

    Attributes:
        pid: Its number, as it saw it itself.
        started_ticks: When it began, in clock ticks since boot (proc(5), `/proc/pid/stat` field 22).
        boot_id: Of the host, as a UUID.
        created_ns: When the journal was made, since the epoch.
        key: What it holds in the folder's lock file while it lives.
        parent_key: That of the process that it was forked from; 0 where it was not.
    """

    pid: int
    started_ticks: int
    boot_id: str
    created_ns: int
    key: int
    parent_key: int


@final
@dataclass(frozen=True, slots=True)
class Pending:
    """What has not been shipped: spans and logs, and on the way records that were torn or are corrupt."""

    spans: int
    logs: int
    torn: int
    corrupt: int


@final
class Reader:
    """One journal. It is a context manager that closes the memory.

    Args:
        memory: Where it is.
        path: The file, for messages.
        claim: The word that says which segment is being read, so that it is not used again meanwhile.

    Raises:
        JournalError: It is no journal of this version, or its header is damaged.
    """

    __slots__ = ("_batches", "_checksum", "_notes", "_segments", "identity", "memory", "path")

    def __init__(self, memory: Memory, *, path: Path | None = None, claim: int = extent.CLAIM) -> None:
        self._checksum = check(memory, str(path or "the journal of this process"))
        self.memory = memory
        self.path = path
        self.identity = _identity(memory)
        self._notes = Notes(memory)
        self._segments = Segments(memory)
        self._batches = Batches(memory, self._segments, self._checksum, claim)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.memory.close()

    @property
    def cursor(self) -> int:
        """How far the journal has been shipped."""
        return self.memory.word(extent.CURSOR)

    @property
    def has_ended(self) -> bool:
        """Whether the process said that nothing more comes, which one that dies does not."""
        return self.memory.word(extent.STATE) == extent.ENDED

    @property
    def resource(self) -> bytes:
        """The content of OTLP's `Resource`; empty where it is not there, or damaged."""
        return self._notes.last_message(extent.NOTE_RESOURCE)

    @property
    def terms(self) -> Mapping[str, Any]:
        """Service, environment, run_id, and the versions of telemetry and registry."""
        return self._notes.last_text(extent.NOTE_TERMS)

    def scope(self, number: int) -> bytes:
        """Give the content of `ScopeSpans` without its spans (fields 1 and 3); empty for an unknown number."""
        return self._notes.message(extent.NOTE_SCOPE, number)

    def sites(self) -> Mapping[int, Mapping[str, Any]]:
        """Give the places that record, by number: name, function, file and line."""
        return self._notes.texts(extent.NOTE_SITE)

    def counts(self) -> Mapping[str, int]:
        """Give the words that count, by their name in lower case."""
        return {name: self.memory.word(getattr(extent, name.upper())) for name in COUNTS}

    def open_spans(self) -> list[SpanRecord]:
        """Give the spans that have begun and not ended, oldest first; their `end_ns` is 0."""
        return [each.record for each in self.opened()]

    def opened(self) -> list[OpenSpan]:
        """Give the same with the numbers of their sites and scopes."""
        return self.table()[0]

    def table(self) -> tuple[list[OpenSpan], int]:
        """Give the same, and how many slots hold what is no span."""
        opened, damaged = open_spans(self.memory, self._segments, self._checksum)
        ended = {(each.record.trace_id, each.record.span_id) for each in self.undecided()} if opened else set()
        return [each for each in opened if (each.record.trace_id, each.record.span_id) not in ended], damaged

    def undecided(self) -> list[UndecidedSpan]:
        """Give the spans that have ended, and of whose traces nobody has said yet whether they are kept."""
        return self.waiting()[0]

    def waiting(self) -> tuple[list[UndecidedSpan], int]:
        """Give the same, and how many cells hold what is no span."""
        return undecided_spans(self.memory, self._segments, self._checksum)

    def snapshots(self) -> list[bytes]:
        """Copy the metric pages, each only as far as it is used."""
        return list(snapshots(self.memory))

    def pending(self) -> tuple[int, int]:
        """Count the spans and log records from the shipper's cursor on."""
        found = self.survey()
        return found.spans, found.logs

    def survey(self) -> Pending:
        """Count what lies from the shipper's cursor on, as one would meet it who waits for nothing."""
        counts = {extent.SPAN: 0, extent.LOG: 0}
        torn = corrupt = 0
        for batch in self.rest():
            for chunk in batch.chunks:
                counts[chunk.kind] += len(chunk.flags)
            torn, corrupt = torn + batch.torn, corrupt + batch.corrupt
        return Pending(counts[extent.SPAN], counts[extent.LOG], torn, corrupt)

    def rest(self) -> Iterator[Batch]:
        """Give what lies from the shipper's cursor on, a segment at a time; it waits for nothing and moves nothing.

        A process may write faster than this is read: it ends with the segment that is the newest now.
        """
        cursor = self.cursor
        newest = extent.cursor(max((each.generation for each in self._segments.newest(1)), default=0) + 1, 0)
        for _ in range(self._segments.bound):
            batch = self.batch(cursor, most=_WHOLE, size=_WHOLE, last=True, claim=False)
            yield batch
            if batch.cursor == cursor or batch.cursor >= newest:
                return
            cursor = batch.cursor

    def latest(self) -> list[Chunk]:
        """Give all records of the segments that were written last, shipped or not."""
        return latest(self.memory, self._segments, self._checksum)

    def batch(
        self, cursor: int, *, most: int = 512, size: int = 504 * 1024, last: bool = False, claim: bool = True
    ) -> Batch:
        """Copy finished records from a cursor on; an empty batch may still have a new cursor.

        A record that is not finished holds up what is behind it, in a segment that is full for a second at most. The
        segment of a batch stays claimed until the next call, or `release`: its process does not use it again meanwhile.

        Args:
            cursor: Where to begin; 0 for a journal that nobody shipped.
            most: The most records.
            size: The most bytes; a single record may have more.
            last: Nobody finishes any record, as the process is dead or stopped recording: wait for none.
            claim: The caller is the shipper of this journal. Who only looks must not claim.
        """
        return self._batches.take(cursor, most, size, last=last, claim=claim)

    def release(self) -> None:
        """Give up the claim on the segment of the last batch."""
        self._batches.release()


def _identity(memory: Memory) -> Identity:
    boot = memory.word(extent.BOOT_HIGH) << 64 | memory.word(extent.BOOT_LOW)
    return Identity(
        pid=memory.word(extent.PID),
        started_ticks=memory.word(extent.PROCESS_STARTED),
        boot_id=str(UUID(int=boot)),
        created_ns=memory.word(extent.CREATED_NS),
        key=memory.word(extent.KEY),
        parent_key=memory.word(extent.PARENT_KEY),
    )


def readers(folder: Folder, *, only_read: bool = False) -> Iterator[Reader]:
    """Give a reader of each journal that can be read; the caller closes them.

    Args:
        folder: Where they are.
        only_read: Ask for no right to write: the caller ships nothing.
    """
    for path in filter(_is_named, folder.journals()):
        with contextlib.suppress(JournalError):
            yield open_journal(path, only_read=only_read)


def unreadable(folder: Folder) -> list[tuple[Path, str]]:
    """Give the journals that cannot be read, with the reason; one that has just been removed is none of them."""
    found = []
    for path in filter(_is_named, folder.journals()):
        try:
            open_journal(path, only_read=True).memory.close()
        except JournalError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                found.append((path, str(error).removeprefix(f"{path}: ")))
    return found


def open_journal(path: Path, *, only_read: bool = False) -> Reader:
    """Open a journal in a file.

    Raises:
        JournalError: It cannot be opened, or is no journal of this version.
    """
    memory = FileMemory(path, only_read=only_read)
    try:
        return Reader(memory, path=path)
    except JournalError:
        memory.close()
        raise


def _is_named(path: Path) -> bool:
    """Tell whether a file is the journal of a process, by its name: pid, start and key."""
    return path.stem.count("-") == 2
