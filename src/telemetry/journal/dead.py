"""The dead: one journal with the metrics of all processes that are gone, and the sum of their ledgers.

So that ten thousand short-lived workers cost what one does. It is written whole, to a new file that takes the place of
the old one, and says whose values are in it: a crash at any instant counts no process twice. What becomes of two
values is not known here; the gateway adds pages up, and calls this under the lock of the folder (`FOLDING`).
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from time import time_ns
from typing import Any, Final, Self, final

from telemetry._hotpath import extent
from telemetry.errors import JournalError

from .folder import DEAD_NAME, Folder
from .memory import FileMemory
from .reader import COUNTS, Reader

_SUMMED: Final = tuple(name for name in COUNTS if name not in ("metrics_shipped_ns", "folded"))
_KEYS: Final = ("folded", "settled")
_NEW: Final = ".new"
_DAMAGED: Final = ".damaged"
_SLOT_BYTES, _RING_BYTES = 512, extent.PAGE_SIZE  # what a reader expects of a journal; nothing is in either


@final
@dataclass(frozen=True, slots=True)
class Dead:
    """What is kept of processes that are gone.

    Attributes:
        pages: Their metrics, merged.
        counts: The sums of their ledgers, by the names of `COUNTS`.
        folded: The keys of those whose metrics are in `pages`, as far as their files were there when this was written.
        settled: The keys of those that are in `counts` too: nothing more is in their files.
        processes: How many have been folded, ever.
        generation: How often keys were forgotten; who has seen two generations cannot know who was added in between.
    """

    pages: tuple[bytes, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    folded: frozenset[int] = frozenset()
    settled: frozenset[int] = frozenset()
    processes: int = 0
    generation: int = 0

    def with_metrics(self, pages: Sequence[bytes], keys: Set[int]) -> Self:
        """Give the same with the merged pages, which have those of more processes in them."""
        return replace(self, pages=tuple(pages), folded=self.folded | keys, processes=self.processes + len(keys))

    def with_ledger(self, key: int, counts: Mapping[str, int]) -> Self:
        """Give the same with the ledger of one process more."""
        sums = {name: self.counts.get(name, 0) + counts.get(name, 0) for name in _SUMMED}
        return replace(self, counts=sums, settled=self.settled | {key})

    def among(self, present: Set[int]) -> Self:
        """Give the same without the keys of files that are gone, which nobody can count twice any more."""
        if self.folded <= present:
            return self
        folded, settled = self.folded & present, self.settled & present
        return replace(self, folded=folded, settled=settled, generation=self.generation + 1)


def read_dead(folder: Folder) -> Dead:
    """Read what is kept of the dead; nothing where nobody has died.

    Raises:
        JournalError: The file is there, and damaged.
    """
    path = folder.path / DEAD_NAME
    try:
        memory = FileMemory(path, only_read=True)
    except JournalError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return Dead()
        raise
    with memory, Reader(memory, path=path) as reader:
        pages = memory.read(memory.word(extent.PAGES_AT), memory.word(extent.PAGES_USED))
        kept = reader.terms.get("dead")
        if not isinstance(kept, dict) or reader.terms.get("crc32") != _checksum(kept, pages):
            raise JournalError(str(path), "the totals of the dead are damaged")
    return _dead(kept, pages)


def write_dead(folder: Folder, dead: Dead) -> None:
    """Write what is kept of the dead in place of what was kept before, all or nothing.

    Raises:
        OSError: The disk does not take it; what was kept before still is.
    """
    path = folder.path / DEAD_NAME
    new = path.with_name(DEAD_NAME + _NEW)
    try:
        with suppress(FileNotFoundError):
            new.unlink()  # of somebody who died while writing it
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb", buffering=0) as file:
            rest = memoryview(_encoded(dead))
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(descriptor)
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise


def set_aside(folder: Folder) -> Path:
    """Move a damaged file out of the way, for whoever wants to look into it.

    Raises:
        OSError: It cannot be moved.
    """
    path = folder.path / DEAD_NAME
    return path.replace(path.with_name(f"{path.stem}-{time_ns()}{_DAMAGED}"))


def _dead(kept: Mapping[str, Any], pages: bytes) -> Dead:
    ends = list(accumulate(kept["pages"]))
    keys = {name: frozenset(int(key, 16) for key in kept[name]) for name in _KEYS}
    return Dead(
        pages=tuple(pages[end - size : end] for end, size in zip(ends, kept["pages"], strict=True)),
        counts=kept["counts"],
        **keys,
        processes=kept["processes"],
        generation=kept["generation"],
    )


def _encoded(dead: Dead) -> bytes:
    pages = b"".join(dead.pages)
    note = _note(dead, pages)
    notes_at, pages_at = extent.PAGE_SIZE, extent.PAGE_SIZE + len(note)
    ring_at = pages_at + len(pages)
    words = {
        extent.MAGIC_WORD: extent.MAGIC,
        extent.VERSION_WORD: extent.VERSION,
        extent.CREATED_NS: time_ns(),
        extent.STATE: extent.ENDED,
        extent.TABLE_AT: notes_at,
        extent.SLOT_BYTES: _SLOT_BYTES,
        extent.NOTES_AT: notes_at,
        extent.NOTES_BYTES: len(note),
        extent.NOTES_USED: len(note),
        extent.PAGES_AT: pages_at,
        extent.PAGES_BYTES: len(pages),
        extent.PAGES_USED: len(pages),
        extent.RING_AT: ring_at,
        extent.RING_BYTES: _RING_BYTES,
        extent.SEGMENT_BYTES_WORD: _RING_BYTES,
        extent.FOLDED: 1,
        **{getattr(extent, name.upper()): count for name, count in dead.counts.items()},
    }
    header = [words.get(index, 0) for index in range(extent.HEADER_BYTES_TOTAL // extent.WORD)]
    return struct.pack(f"<{len(header)}Q", *header) + note + pages + bytes(_RING_BYTES)


def _note(dead: Dead, pages: bytes) -> bytes:
    kept = {
        "pages": [len(page) for page in dead.pages],
        "counts": dict(dead.counts),
        **{name: [f"{key:x}" for key in sorted(getattr(dead, name))] for name in _KEYS},
        "processes": dead.processes,
        "generation": dead.generation,
    }
    text = json.dumps({"dead": kept, "crc32": _checksum(kept, pages)}).encode()
    head = extent.NOTE.pack(len(text), 0, extent.NOTE_TERMS, extent.NOTE_WRITTEN)
    return head + text + bytes(-len(text) % extent.WORD)


def _checksum(kept: Mapping[str, Any], pages: bytes) -> int:
    return zlib.crc32(json.dumps(kept).encode(), zlib.crc32(pages))
