"""The structure of a metric page, as far as it can be told without the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from telemetry._hotpath import layout

_HEADER: Final = Struct(f"<{layout.HEADER_WORDS}Q")


def damage(page: bytes) -> tuple[int, str]:
    """Say where a page is damaged, in bytes from its beginning, and how; (0, "") where it is not."""
    try:
        for _ in _entries(page):
            pass
    except _DamagedError as error:
        return error.at, str(error)
    return 0, ""


def latest_ns(page: bytes) -> int:
    """Give the latest time that a page says: when a series began, or a gauge was set; 0 for an empty one."""
    latest = 0
    try:
        for kind, created_ns, cell in _entries(page):
            latest = max(latest, created_ns, _set_ns(cell) if kind == "gauge" else 0)
    except _DamagedError:
        pass  # what comes before the damage counts
    return latest


class _DamagedError(Exception):
    def __init__(self, at: int, problem: str) -> None:
        super().__init__(problem)
        self.at = at


def _entries(page: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Give kind, creation and cell of each entry."""
    words = _HEADER.unpack_from(page) if len(page) >= _HEADER.size else (0,) * layout.HEADER_WORDS
    if words[layout.MAGIC_WORD] != layout.MAGIC or words[layout.VERSION_WORD] != layout.VERSION:
        raise _DamagedError(0, f"it is no metric page of version {layout.VERSION}")
    used, at = words[layout.USED_WORD], layout.HEADER_WORDS
    if used * layout.WORD > len(page):
        raise _DamagedError(layout.USED_WORD * layout.WORD, "it says that it is longer than it is")
    while at < used:
        if at + layout.ENTRY_WORDS > used:
            raise _DamagedError(at * layout.WORD, "an entry is cut off")
        size, kind, state, created_ns, length, cell = layout.ENTRY.unpack_from(page, at * layout.WORD)
        least = layout.ENTRY_WORDS + -(-length // layout.WORD) + cell
        if kind >= len(layout.KINDS) or state != layout.COMMITTED or not least <= size <= used - at:
            raise _DamagedError(at * layout.WORD, "an entry says something impossible of itself")
        at += size
        yield layout.KINDS[kind], created_ns, page[(at - cell) * layout.WORD : at * layout.WORD]


def _set_ns(cell: bytes) -> int:
    """Give the time of the copy of a gauge that counts."""
    if len(cell) != layout.GAUGE_WORDS * layout.WORD:
        return 0
    active = int.from_bytes(cell[: layout.WORD], "little") & 1
    at = (2 + 2 * active) * layout.WORD
    return int.from_bytes(cell[at : at + layout.WORD], "little")
