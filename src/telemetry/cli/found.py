"""A journal that was found: whose it is, in which folder, and what has become of its process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import typer

from telemetry._hotpath import extent
from telemetry.errors import JournalError
from telemetry.journal import Folder, Reader, State, balance, open_journal, readers, state_of, unreadable


@final
@dataclass(frozen=True, slots=True)
class Found:
    """A journal, in which folder it is, and what has become of its process."""

    reader: Reader
    folder: Folder
    state: State

    @property
    def path(self) -> Path:
        """The file."""
        assert self.reader.path is not None
        return self.reader.path

    @property
    def described(self) -> dict[str, Any]:
        """Who recorded it, for JSON."""
        who = self.reader.identity
        return {
            "pid": who.pid,
            "key": f"{who.key:x}",
            "service": str(self.reader.terms.get("service", "")),
            "run_id": str(self.reader.terms.get("run_id", "")),
            "state": self.state,
            "file": str(self.path),
        }

    def need(self) -> str:
        """Say what somebody needs the journal for; empty where nobody does any more."""
        if self.state == "running":
            return "of a running process"
        book, memory = balance(self.reader), self.reader.memory
        if book.pending or book.logs_pending:
            return "with pending records"
        if book.open:
            return "with open spans"
        has_metrics = memory.word(extent.PAGES_USED) and not memory.word(extent.FOLDED)
        return "with metrics that are not folded" if has_metrics else ""

    def remove(self) -> str:
        """Remove the file under its ship lock; give the problem where that cannot be."""
        shipping = self.reader.identity.key + 1
        if not self.folder.hold(shipping):
            return "it is being shipped; try again later"
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            return error.strerror or str(error)
        finally:
            self.folder.release(shipping)
        return ""


def journals(where: Iterable[Folder]) -> Iterator[Found]:
    """Give the journals of folders one by one, the newest last; each is closed when the next is asked for."""
    for _, path, folder in sorted(_created(where), key=lambda each: each[:2]):
        with suppress(JournalError), open_journal(path, only_read=True) as reader:  # it may be gone by now
            yield Found(reader, folder, state_of(reader, folder))


def left_out(where: Iterable[Folder]) -> list[dict[str, str]]:
    """Give the journals that cannot be read, for JSON."""
    return [{"file": str(path), "problem": problem} for folder in where for path, problem in unreadable(folder)]


def complain(unread: Iterable[dict[str, str]]) -> None:
    """Say which journals cannot be read."""
    for each in unread:
        typer.secho(f"{each['file']}: {each['problem']}", err=True)


def _created(where: Iterable[Folder]) -> Iterator[tuple[int, Path, Folder]]:
    for folder in where:
        for reader in readers(folder, only_read=True):
            with reader:
                assert reader.path is not None
                yield reader.identity.created_ns, reader.path, folder
