"""Journals written byte by byte from the layout in `extent`, without any code of the recording side.

It writes as a process does: in segments that are used again, the word of a record last. Tests say what has happened to
the process, and damage the file.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from telemetry._hotpath import extent, protobuf
from telemetry.signals import SpanRecord

TRACE = 0x0123456789ABCDEF0123456789ABCDEF
SECOND = 1_000_000_000
START_NS = 1_700_000_000 * SECOND
BOOT = "8e0b1ec5-3bb1-4c2c-9c65-3a5a2f1d7c11"


def record(number: int, name: str = "work", parent: int | None = None, **attributes: Any) -> SpanRecord:
    """Make a finished span with an id of this number."""
    start = START_NS + number * 1000
    return SpanRecord(name, TRACE, number, parent, start, start + 500, attributes)


def payload(span: SpanRecord) -> bytes:
    """Encode a span as a record has it."""
    return protobuf.spans_field(protobuf.span(span))


def log_payload(text: str) -> bytes:
    """Encode a log record as a record has it: as a message in field 2, whatever is in it."""
    return protobuf.message(0x12, protobuf.message(0x2A, protobuf.message(0x0A, text.encode())))


def word(length: int, state: int, scope: int = 0, flags: int = 1) -> int:
    """Make the word of a record."""
    return length | scope << 32 | flags << 48 | state << 56


class Journal:
    """A journal that is being written.

    Args:
        path: The file.
        segment: The bytes of a segment.
        segments: How many the ring has room for.
        checksum: The kind of checksum of records.
        key: What the process holds while it lives.
    """

    def __init__(
        self,
        path: Path,
        *,
        segment: int = 4096,
        segments: int = 4,
        checksum: int = extent.CRC32,
        key: int = 1000,
        slots: int = 8,
        slot: int = 512,
    ) -> None:
        self.path = path
        self.segment, self.checksum = segment, checksum
        self.table_at, self.slots, self.slot = extent.PAGE_SIZE, slots, slot
        self.notes_at = self.table_at + slots * slot
        self.pages_at = self.notes_at + 8192
        self.ring_at = self.pages_at + 65536
        self.ring_bytes = segment * segments
        path.write_bytes(b"")
        path.chmod(0o600)
        os.truncate(path, self.ring_at + self.ring_bytes)
        self._file = path.open("r+b", buffering=0)
        self.generation = self.notes_used = self.pages_used = self.ring_used = 0
        self.place = self.head = self.limit = 0
        self._head(key)

    def _head(self, key: int) -> None:
        high, low = divmod(int(BOOT.replace("-", ""), 16), 1 << 64)
        words = {
            extent.VERSION_WORD: extent.VERSION,
            extent.CHECKSUM: self.checksum,
            extent.PID: 4711,
            extent.PROCESS_STARTED: 99,
            extent.BOOT_HIGH: high,
            extent.BOOT_LOW: low,
            extent.CREATED_NS: START_NS,
            extent.KEY: key,
            extent.STATE: extent.RUNNING,
            extent.TABLE_AT: self.table_at,
            extent.SLOTS: self.slots,
            extent.SLOT_BYTES: self.slot,
            extent.NOTES_AT: self.notes_at,
            extent.NOTES_BYTES: self.pages_at - self.notes_at,
            extent.PAGES_AT: self.pages_at,
            extent.PAGES_BYTES: self.ring_at - self.pages_at,
            extent.RING_AT: self.ring_at,
            extent.RING_BYTES: self.ring_bytes,
            extent.SEGMENT_BYTES_WORD: self.segment,
            extent.MAGIC_WORD: extent.MAGIC,
        }
        for index, value in words.items():
            self.set(index, value)

    def set(self, index: int, value: int) -> None:
        """Set a word of the header."""
        self.write(index * 8, value.to_bytes(8, "little"))

    def get(self, index: int) -> int:
        """Read a word of the header."""
        return int.from_bytes(self.read(index * 8, 8), "little")

    def add(self, index: int, value: int = 1) -> None:
        """Add to a count of the header."""
        self.set(index, self.get(index) + value)

    def write(self, at: int, data: bytes) -> None:
        """Write bytes anywhere."""
        os.pwrite(self._file.fileno(), data, at)

    def read(self, at: int, size: int) -> bytes:
        """Read bytes from anywhere."""
        return os.pread(self._file.fileno(), size, at)

    def flip(self, at: int, bit: int = 0) -> None:
        """Turn one bit over."""
        self.write(at, bytes((self.read(at, 1)[0] ^ 1 << bit,)))

    def note(self, kind: int, content: bytes | Mapping[str, Any], number: int = 0) -> None:
        """Add a note."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        whole = extent.NOTE.pack(len(data), number, kind, extent.NOTE_WRITTEN) + data
        self.write(self.notes_at + self.notes_used, whole)
        self.notes_used += len(whole) + 7 & ~7
        self.set(extent.NOTES_USED, self.notes_used)

    def turn(self, size: int = 0, *, place: int | None = None) -> None:
        """Go on to the next segment, by default to the place behind the last, and round."""
        size = size or self.segment
        if self.generation:
            self.write(self.place + 8, self.head.to_bytes(8, "little"))
        if place is None:
            behind = self.place + self.limit if self.generation else self.ring_at
            place = behind if behind + size <= self.ring_at + self.ring_bytes else self.ring_at
        if place + size > self.ring_at + self.ring_used:
            self.ring_used = place + size - self.ring_at
            self.set(extent.RING_USED, self.ring_used)
        self.generation += 1
        self.place, self.limit, self.head = place, size, extent.SEGMENT_HEADER_BYTES
        self.write(place, bytes(size))
        self.write(place + 16, size.to_bytes(8, "little"))
        self.write(place, self.generation.to_bytes(8, "little"))

    def place_for(self, length: int) -> int:
        """Take a place for a record; give where it begins in the file."""
        size = extent.room(length)
        if not self.generation or self.head + size > self.limit:
            self.turn(max(self.segment, -(-(size + extent.SEGMENT_HEADER_BYTES) // self.segment) * self.segment))
        at, self.head = self.place + self.head, self.head + size
        return at

    def put(self, data: bytes, *, state: int = extent.SPAN, scope: int = 0, flags: int = 1) -> int:
        """Write a record; give where it begins in the file."""
        at = self.place_for(len(data))
        start = word(len(data), state, scope, flags).to_bytes(8, "little")
        checksum = zlib.crc32(start + data) if self.checksum else 0
        rest = bytes(-(len(data) + 4) % 8)
        self.write(at + 8, data + rest + struct.pack("<I", checksum))
        self.write(at, start)
        return at

    def open_record(self, length: int) -> int:
        """Take a place that nobody has written yet; give where it begins in the file."""
        at = self.place_for(length)
        self.write(at, word(length, extent.OPEN).to_bytes(8, "little"))
        return at

    def span(self, span: SpanRecord, **places: int) -> int:
        """Write a finished span, and count it; give where it begins in the file."""
        self.add(extent.STARTED)
        return self.put(payload(span), **places)

    def spans(self, numbers: Iterable[int], **attributes: Any) -> list[int]:
        """Write finished spans with these numbers as ids; give where they begin in the file."""
        return [self.span(record(number, **attributes)) for number in numbers]

    def begin(self, span: SpanRecord, slot: int = 0, site: int = 0) -> None:
        """Write a span into the table of open ones, and count it."""
        self.add(extent.STARTED)
        data = payload(span)
        at = self.table_at + slot * self.slot
        self.write(at + 8, data)
        self.write(at, (len(data) | site << 16 | 1 << 48 | extent.SPAN << 56).to_bytes(8, "little"))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
