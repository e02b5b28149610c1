"""Looks at what is left in the journal of a dead process: its ledger, and what nobody has taken yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from telemetry._hotpath import extent
from telemetry.errors import JournalError
from telemetry.journal import FileMemory, Reader

_SAMPLED: Final = 1
_SHIPPERS: Final = (extent.CURSOR, extent.SPANS_CLOSED, extent.FOLDED)


@final
@dataclass(frozen=True, slots=True)
class Remains:
    """What is left in one journal.

    Attributes:
        key: The key that its process had.
        counts: Its ledger; what its process left half written counts as torn, and what is damaged as corrupt.
        spans: Spans that wait, and those that were open when it died and that nobody has closed.
        logs: Log records that wait.
        is_marked: It says that its metrics are among those of the dead.
        size: The bytes that it takes on the disk.
        died_ns: When it was last written to.
        stamp: The words of whoever ships it, as this was read.
    """

    key: int
    counts: Mapping[str, int]
    spans: int
    logs: int
    is_marked: bool
    size: int
    died_ns: int
    stamp: tuple[int, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left that anybody might want."""
        return not self.spans and not self.logs

    @property
    def abandoned(self) -> Mapping[str, int]:
        """The ledger where the file goes as it is: what waits is lost, as if newer records had taken its place."""
        return Counter(self.counts) + Counter(spans_overwritten=self.spans, logs_overwritten=self.logs)


def look(path: Path, before: Remains | None = None) -> Remains | None:
    """Look at a journal; give what was seen before where nobody has shipped since. None where it cannot be read."""
    try:
        with FileMemory(path, only_read=True) as memory:
            stamp = tuple(memory.word(word) for word in _SHIPPERS)
            if before is not None and before.stamp == stamp:
                return before
            return _looked(Reader(memory, path=path), memory, stamp)
    except JournalError:
        return None


def _looked(reader: Reader, memory: FileMemory, stamp: tuple[int, ...]) -> Remains:
    waiting = reader.survey()
    is_closed = bool(memory.word(extent.SPANS_CLOSED))
    left = (*reader.open_spans(), *(each.record for each in reader.undecided()))
    unclosed = 0 if is_closed else sum(span.trace_flags & _SAMPLED for span in left)
    return Remains(
        key=reader.identity.key,
        counts=Counter(reader.counts()) + Counter(spans_torn=waiting.torn, spans_corrupt=waiting.corrupt),
        spans=waiting.spans + unclosed,
        logs=waiting.logs,
        is_marked=bool(memory.word(extent.FOLDED)),
        size=memory.bytes_on_disk,
        died_ns=memory.modified_ns,
        stamp=stamp,
    )
