"""The metric pages of one runtime: where its cells are allotted, and read back from."""

from __future__ import annotations

import os
import threading
import weakref
from typing import final

from telemetry._hotpath import Page, Region, layout


@final
class Pages:
    """A list of pages that grows by whole pages; cells never move.

    They stand in the region, so that others can read them; without one, and beyond its bound, in memory of their own.

    In a forked child every cell is empty: what the parent counted is the parent's to report.
    """

    __slots__ = ("__weakref__", "_lock", "_pages", "_region")

    def __init__(self, region: Region | None = None) -> None:
        self._region = region
        self._pages: list[Page] = []
        self._lock = threading.RLock()
        _alive.add(self)

    def allot(self, kind: str, descriptor: bytes, words: int) -> tuple[Page, int]:
        """Reserve a cell; give its page and the index of its first word."""
        with self._lock:
            if self._pages:
                at = self._pages[-1].allot(kind, descriptor, words)
                if at is not None:
                    return self._pages[-1], at
            needed = layout.HEADER_WORDS + layout.ENTRY_WORDS + len(descriptor) // layout.WORD + 1 + words
            page = Page(-(-needed // layout.PAGE_WORDS) * layout.PAGE_WORDS, self._region)
            self._pages.append(page)
            at = page.allot(kind, descriptor, words)
            assert at is not None, "a fresh page is made large enough"
            return page, at

    def snapshots(self) -> list[bytes]:
        """Copy the used part of every page."""
        return [page.snapshot() for page in self._pages]

    def memory(self, first: int = 0) -> list[memoryview]:
        """Give the memory of every page from a number on, for whoever reads cells in place.

        It lives as long as the view. Pages are only ever added: who has seen `n` of them goes on with `first=n`.
        """
        return [memoryview(page.memory).toreadonly() for page in self._pages[first:]]

    def restart(self) -> None:
        """Empty all cells, in a forked child; a region has done so for its own pages."""
        self._lock = threading.RLock()
        for page in self._pages:
            if not page.is_settled:
                page.refill(page.snapshot())


_alive: weakref.WeakSet[Pages] = weakref.WeakSet()


def _restart_all() -> None:
    for pages in list(_alive):
        pages.restart()


os.register_at_fork(after_in_child=_restart_all)
