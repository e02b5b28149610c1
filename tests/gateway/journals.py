"""Journals of processes that never were, written by the layout and by nothing of ours that writes them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from telemetry._hotpath import extent, layout, protobuf
from telemetry.journal import Folder
from telemetry.signals import SpanRecord

SLOT_BYTES = 512
NOTES_BYTES = 4096
RING_BYTES = 2 * extent.SEGMENT_BYTES
CREATED_NS = 1_700_000_000_000_000_000

_keys = count(1000, 2)
_span_ids = count(1)


@dataclass(slots=True)
class Written:
    """A journal that a test wrote, whose process lives for as long as `hold` says."""

    path: Path
    key: int

    def set(self, word: int, value: int) -> None:
        """Change a word of the header."""
        with self.path.open("r+b") as file:
            file.seek(word * extent.WORD)
            file.write(struct.pack("<Q", value))

    def word(self, word: int) -> int:
        """Read a word of the header."""
        with self.path.open("rb") as file:
            file.seek(word * extent.WORD)
            found: int = struct.unpack("<Q", file.read(extent.WORD))[0]
            return found


@dataclass(slots=True)
class Series:
    """One entry of a page."""

    name: str
    labels: Sequence[str]
    cell: bytes
    kind: str = "counter"
    bounds: Sequence[float] = ()
    created_ns: int = CREATED_NS
    descriptor: bytes = b""

    def encoded(self) -> bytes:
        """Lay the entry out."""
        text = self.descriptor or json.dumps([self.name, list(self.labels), list(self.bounds)]).encode()
        padded = text + bytes(-len(text) % layout.WORD)
        words = layout.ENTRY_WORDS + (len(padded) + len(self.cell)) // layout.WORD
        number = layout.KINDS.index(self.kind)
        head = layout.ENTRY.pack(
            words, number, layout.COMMITTED, self.created_ns, len(text), len(self.cell) // layout.WORD
        )
        return head + padded + self.cell


def counter(name: str, value: float, *labels: str) -> Series:
    """Make a counter."""
    return Series(name, labels, struct.pack("=d", value))


def gauge(name: str, value: float, *labels: str, time_ns: int = CREATED_NS) -> Series:
    """Make a gauge, set once."""
    return Series(name, labels, struct.pack("=QdQdQ", 1, -1.0, 7, value, time_ns), "gauge")


def histogram(name: str, buckets: Sequence[int], total: float, bounds: Sequence[float], *labels: str) -> Series:
    """Make a histogram."""
    return Series(name, labels, struct.pack(f"={len(buckets)}Qd", *buckets, total), "histogram", bounds)


def pages_of(series: Iterable[Series], words: int = layout.PAGE_WORDS) -> bytes:
    """Lay pages out, each with as many entries as it holds."""
    pages, body = [], b""
    for each in series:
        entry = each.encoded()
        if len(body) + len(entry) > (words - layout.HEADER_WORDS) * layout.WORD:
            pages.append(page(body, words))
            body = b""
        body += entry
    return b"".join((*pages, page(body, words)))


def page(body: bytes, words: int) -> bytes:
    """Lay one page out."""
    used = layout.HEADER_WORDS + len(body) // layout.WORD
    header = struct.pack("=8Q", layout.MAGIC, layout.VERSION, 1, CREATED_NS, used, words, 0, 0)
    return (header + body).ljust(words * layout.WORD, b"\0")


@dataclass(slots=True)
class Spans:
    """Spans of one process, to be put into its ring and its table."""

    finished: list[SpanRecord] = field(default_factory=list)
    opened: list[SpanRecord] = field(default_factory=list)


def span(name: str, *, end_ns: int = 2_000, parent: int | None = None) -> SpanRecord:
    """Make a span with an id of its own."""
    return SpanRecord(name, 0xABC, next(_span_ids), parent, 1_000, end_ns)


def write_journal(
    folder: Path,
    series: Iterable[Series] = (),
    spans: Spans | None = None,
    *,
    key: int | None = None,
    pid: int = 4242,
    ticks: int = 77,
) -> Written:
    """Write the journal of a process that is dead, unless its key is held."""
    key = next(_keys) if key is None else key
    spans = spans or Spans()
    path = folder / f"{pid}-{ticks}-{key:x}.journal"
    table, notes, pages = _table(spans.opened), _notes(), pages_of(series)
    ring, ring_used = _ring(spans.finished)
    at = extent.PAGE_SIZE
    notes_at, pages_at = at + len(table), at + len(table) + NOTES_BYTES
    ring_at = pages_at + len(pages)
    words = {
        extent.MAGIC_WORD: extent.MAGIC, extent.VERSION_WORD: extent.VERSION, extent.PID: pid,
        extent.PROCESS_STARTED: ticks, extent.CREATED_NS: CREATED_NS, extent.KEY: key, extent.STATE: extent.RUNNING,
        extent.TABLE_AT: at, extent.SLOTS: len(table) // SLOT_BYTES, extent.SLOT_BYTES: SLOT_BYTES,
        extent.NOTES_AT: notes_at, extent.NOTES_BYTES: NOTES_BYTES, extent.NOTES_USED: len(notes),
        extent.PAGES_AT: pages_at, extent.PAGES_BYTES: len(pages), extent.PAGES_USED: len(pages),
        extent.RING_AT: ring_at, extent.RING_BYTES: RING_BYTES, extent.RING_USED: ring_used,
        extent.SEGMENT_BYTES_WORD: extent.SEGMENT_BYTES,
        extent.STARTED: len(spans.finished) + len(spans.opened),
    }  # fmt: skip
    header = struct.pack("<512Q", *(words.get(index, 0) for index in range(512)))
    with path.open("wb") as file:
        file.write(header + table + notes.ljust(NOTES_BYTES, b"\0") + pages + ring)
        file.truncate(ring_at + RING_BYTES)
    path.chmod(0o600)
    return Written(path, key)


def hold(folder: Path, *journals: Written) -> None:
    """Let the processes of some journals live: this one holds their keys."""
    opened = Folder.open(folder)
    for each in journals:
        assert opened.hold(each.key)


def die(folder: Path, *journals: Written) -> None:
    """Let processes die."""
    opened = Folder.open(folder)
    for each in journals:
        opened.release(each.key)


def _payload(record: SpanRecord) -> bytes:
    return protobuf.spans_field(protobuf.span(record))


def _table(opened: Sequence[SpanRecord]) -> bytes:
    slots = b""
    for record in opened:
        payload = _payload(record)
        word = len(payload) | 1 << 16 | 1 << 48 | extent.SPAN << 56
        slots += (struct.pack("<Q", word) + payload).ljust(SLOT_BYTES, b"\0")
    return slots or bytes(SLOT_BYTES)


def _notes() -> bytes:
    resource = protobuf.attributes(0x0A, {"service.name": "specc"})
    scope = protobuf.message(0x0A, protobuf.optional(0x0A, "telemetry"))
    kinds = ((extent.NOTE_RESOURCE, resource), (extent.NOTE_SCOPE, scope))
    return b"".join(
        extent.NOTE.pack(len(content), 0, kind, extent.NOTE_WRITTEN) + content + bytes(-len(content) % 8)
        for kind, content in kinds
    )


def _ring(finished: Sequence[SpanRecord]) -> tuple[bytes, int]:
    if not finished:
        return b"", 0
    records = b""
    for record in finished:
        payload = _payload(record)
        word = len(payload) | 1 << 48 | extent.SPAN << 56
        records += (struct.pack("<Q", word) + payload).ljust(extent.room(len(payload)), b"\0")
    head = struct.pack("<8Q", 1, 0, extent.SEGMENT_BYTES, 0, 0, 0, 0, 0)
    return head + records, extent.SEGMENT_BYTES
