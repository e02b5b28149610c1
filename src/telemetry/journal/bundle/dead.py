"""The totals of the dead, as a bundle needs them so that no process counts twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Final, final

from telemetry.errors import JournalError
from telemetry.journal.dead import read_dead
from telemetry.journal.folder import DEAD_NAME, FOLDING, Folder
from telemetry.journal.reader import COUNTS, Reader

_PATIENCE_SECONDS: Final = 5.0
_PAUSE_SECONDS: Final = 0.02


@final
@dataclass(frozen=True, slots=True)
class Totals:
    """What was folded.

    Attributes:
        folded: The keys of processes whose metrics are in the totals.
        settled: The keys of those whose counts are in them too.
        counts: The counts of all that were settled; empty for the journal of a process.
        processes: How many those are.
    """

    folded: frozenset[int] = frozenset()
    settled: frozenset[int] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    processes: int = 0


@contextmanager
def unfolded(folder: Folder) -> Iterator[Totals]:
    """Keep a gateway from folding meanwhile, and give what was folded already; one that is at it is waited for."""
    end = monotonic() + _PATIENCE_SECONDS
    while not (is_held := folder.hold(FOLDING)) and monotonic() < end:
        sleep(_PAUSE_SECONDS)
    try:
        yield _totals_of(folder)
    finally:
        if is_held:
            folder.release(FOLDING)


def _totals_of(folder: Folder) -> Totals:
    try:
        dead = read_dead(folder)
    except JournalError:
        return Totals()  # they are damaged, which their journal then says itself
    return Totals(dead.folded, dead.settled)


def totals_in(reader: Reader) -> Totals:
    """Give the counts in a journal of totals."""
    kept = reader.terms.get("dead")
    if not isinstance(kept, dict) or reader.path is None or reader.path.name != DEAD_NAME:
        return Totals()
    counts = kept.get("counts", {})
    return Totals(counts={name: counts.get(name, 0) for name in COUNTS}, processes=max(kept.get("processes", 0), 1))
