"""Follows the journals of a folder: who lives, who is dead, and a copy of everybody's metric pages.

It only reads: what becomes of the dead is for `fold` to say. Each scrape calls it, by way of the merged metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from telemetry.errors import JournalError
from telemetry.journal import DEAD_NAME, Dead, Folder, is_gone, read_dead
from telemetry.metrics import Part, parts_of

from .directory import listed
from .transcript import Transcript

_TRIES: Final = 4

Stamp = tuple[int, int, int]


@final
@dataclass(frozen=True, slots=True)
class Census:
    """How many processes there are.

    Attributes:
        living: Processes that record.
        dead: Processes that are gone, and not yet among the totals of the dead.
        folded: Processes in those totals.
        unreadable: Journals that cannot be read, or not to their end.
    """

    living: int = 0
    dead: int = 0
    folded: int = 0
    unreadable: int = 0


@final
class Roster:
    """The journals of one folder; for one thread at a time."""

    __slots__ = ("_damaged", "_dead", "_dead_parts", "_new", "_path", "_shut", "_sizes", "_stamp", "_transcripts")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._transcripts: dict[int, Transcript] = {}
        self._new: set[int] = set()
        self._stamp: Stamp | None = None
        self._dead = Dead()
        self._dead_parts: list[Part] = []
        self._sizes = (0, 0)
        self._shut: dict[str, str] = {}
        self._damaged: dict[str, str] = {}

    @property
    def census(self) -> Census:
        """How many there were when somebody looked last."""
        living, dead = self._sizes
        return Census(living, dead, self._dead.processes, len(self.problems))

    @property
    def problems(self) -> dict[str, str]:
        """The journals that cannot be read, or not to their end, each with the reason."""
        return {**self._damaged, **self._shut}

    def parts(self) -> Sequence[tuple[Part, bool]]:
        """Fill all copies anew, and give them with whether their process lives; the dead come first.

        A process that is added to the totals of the dead meanwhile counts once: the totals are read last, and say
        whose values they have. Where they forgot some of that in between, it looks again.

        Raises:
            OSError: The folder cannot be read.
        """
        self._damaged = {}
        for _ in range(_TRIES):
            paths, folder = listed(self._path)
            before = self._read_dead(folder)
            living, dead = self._look(paths, folder)
            if self._read_dead(folder) == before:
                break
        fresh = [transcript for key, transcript in dead.items() if key not in self._dead.folded]
        self._sizes = len(living), len(fresh)
        known = [part for transcript in fresh for part in transcript.parts]
        current = [part for transcript in living.values() for part in transcript.parts]
        return [*((part, False) for part in (*self._dead_parts, *known)), *((part, True) for part in current)]

    def tell(self, part: Part, problem: str) -> None:
        """Take note that a part turned out to be damaged when it was merged."""
        owners = (each.path.name for each in self._transcripts.values() if part in each.parts)
        self._damaged[next(owners, DEAD_NAME)] = problem

    def _look(self, paths: dict[int, Path], folder: Folder) -> tuple[dict[int, Transcript], dict[int, Transcript]]:
        """Read the journals of those that live, and of those that are dead and in no totals."""
        self._forget(paths)
        living: dict[int, Transcript] = {}
        dead: dict[int, Transcript] = {}
        for key, path in paths.items():
            if key not in self._dead.folded:
                # Before its pages are read: those of a dead one are final.
                group = dead if is_gone(folder, key, path) else living
                transcript = self._read(key, path, lives=group is living)
                group.update({} if transcript is None else {key: transcript})
        return living, dead

    def _forget(self, paths: dict[int, Path]) -> None:
        for key in self._transcripts.keys() - paths.keys():
            del self._transcripts[key]
        self._new &= paths.keys()
        names = {path.name for path in paths.values()} | {DEAD_NAME}
        for name in self._shut.keys() - names:
            del self._shut[name]

    def _read(self, key: int, path: Path, *, lives: bool) -> Transcript | None:
        """Read one journal; what could be read of a damaged one counts, and what of it was read before."""
        try:
            transcript = self._transcripts.get(key) or self._transcripts.setdefault(key, Transcript(path, key))
            transcript.fill()
        except FileNotFoundError:
            self._transcripts.pop(key, None)
        except OSError as error:
            self._complain(key, path, error, lives=lives)
        else:
            self._shut.pop(path.name, None)
        return self._transcripts.get(key)

    def _complain(self, key: int, path: Path, error: OSError, *, lives: bool) -> None:
        """Take note of what is wrong; a journal that is being made has another look to be there."""
        is_new = lives and key not in self._new and key not in self._transcripts
        self._new.add(key)
        if not is_new and not isinstance(error.__cause__, FileNotFoundError):
            self._shut[path.name] = str(error).removeprefix(f"{path}: ")

    def _read_dead(self, folder: Folder) -> int:
        """Read the totals of the dead where they were written since last time; give their generation."""
        stamp = _stamp(folder.path / DEAD_NAME)
        if stamp != self._stamp:
            try:
                self._dead = read_dead(folder)
            except JournalError as error:  # what was known of them stands as long as nobody begins anew
                self._shut[DEAD_NAME] = str(error).removeprefix(f"{folder.path / DEAD_NAME}: ")
                return self._dead.generation
            self._shut.pop(DEAD_NAME, None)
            self._dead_parts = parts_of(self._dead.pages)
            self._stamp = stamp
        return self._dead.generation


def _stamp(path: Path) -> Stamp | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_ino, status.st_mtime_ns, status.st_size
    return None
