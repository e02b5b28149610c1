"""Pack one process: a copy of its journal, its records as OTLP, and what it left open, closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import time_ns
from typing import Any, BinaryIO, Final, final

from telemetry._hotpath import Chunk, extent
from telemetry.journal.folder import DEAD_NAME, Folder
from telemetry.journal.ledger import Ledger, balance, of_counts
from telemetry.journal.liveness import is_gone
from telemetry.journal.memory import FileMemory
from telemetry.journal.reader import Reader
from telemetry.journal.recovery import recover
from telemetry.journal.state import State

from .copy import copy_journal
from .dead import Totals, totals_in
from .manifest import Process
from .page import latest_ns
from .record import Malformed, Signal, framed, records, resource_attributes, sound
from .secrets import Redaction
from .staging import Staging

_SIGNALS: Final[Mapping[int, Signal]] = {extent.SPAN: "spans", extent.LOG: "logs"}
_MEMBERS: Final[Mapping[str, Signal]] = {"spans": "spans", "logs": "logs", "recovered": "spans"}


def pack_process(
    path: Path, name: str, folder: Folder, dead: Totals, staging: Staging, redaction: Redaction
) -> Process:
    """Add the members of one process to a bundle, and give what the manifest says of it.

    Args:
        path: Its journal.
        name: The folder of its members.
        folder: Where the journal is.
        dead: What was folded in that folder already.
        staging: Where members go.
        redaction: What looks for secrets.

    Raises:
        JournalError: The journal cannot be read.
    """
    copy = staging.path(f"{name}/journal")
    try:
        # Asked before the copy: of a process that dies after this, the open spans are not yet what it left open.
        is_running = path.name != DEAD_NAME and not is_gone(folder, _key(path), path)
        modified_ns = path.stat().st_mtime_ns
        copy_journal(path, copy)
        with Reader(FileMemory(copy, only_read=True), path=path) as reader:
            state: State = "running" if is_running else "ended" if reader.has_ended else "died"
            packing = _Packing(reader, name, state, staging, redaction)
            return packing.run(dead, time_ns() if is_running else modified_ns)
    except BaseException:
        staging.drop(name)
        raise


def _key(path: Path) -> int:
    with FileMemory(path, only_read=True) as memory:
        return memory.word(extent.KEY)


@final
class _Packing:
    """The members of one process while they are written, and what is known of it by then."""

    __slots__ = ("_counts", "_name", "_reader", "_redaction", "_seen_ns", "_staging", "_state")

    def __init__(self, reader: Reader, name: str, state: State, staging: Staging, redaction: Redaction) -> None:
        self._reader = reader
        self._name = name
        self._state = state
        self._staging = staging
        self._redaction = redaction
        self._counts = dict.fromkeys(_MEMBERS, 0)
        self._seen_ns = 0

    def run(self, dead: Totals, seen_ns: int) -> Process:
        self._finished()
        if self._state != "running":
            self._closed()
        self._redaction.look(f"{self._name}/journal", 0, self._named())
        identity = self._reader.identity
        return Process(
            folder=self._name,
            pid=identity.pid,
            started_ticks=identity.started_ticks,
            boot_id=identity.boot_id,
            key=f"{identity.key:x}",
            created_ns=identity.created_ns,
            seen_ns=max(seen_ns, self._seen_ns, *map(latest_ns, self._reader.snapshots()), 0),
            state=self._state,
            spans=self._counts["spans"],
            logs=self._counts["logs"],
            recovered=self._counts["recovered"],
            is_folded=identity.key in dead.folded,
            is_settled=identity.key in dead.settled,
            ledger=asdict(self._ledger()),
        )

    def _finished(self) -> None:
        """Write what nobody has shipped yet; what was shipped is where it was shipped to."""
        for member in ("spans", "logs"):
            signal = _MEMBERS[member]
            batches = (batch.chunks for batch in self._reader.rest())
            self._write(member, (each for chunks in batches for each in chunks if _SIGNALS[each.kind] == signal))

    def _closed(self) -> None:
        """Write the spans that were open at the end, unless somebody shipped them."""
        recovery = recover(self._reader)
        self._write("recovered", recovery.closed)
        self._seen_ns = max(self._seen_ns, recovery.last_ns)

    def _write(self, member: str, chunks: Iterable[Chunk]) -> None:
        name = f"{self._name}/{member}.otlp"
        with self._staging.open(name) as file:
            for chunk in chunks:
                self._add(file, member, chunk)
        if not self._counts[member]:
            self._staging.discard(name)

    def _add(self, file: BinaryIO, member: str, chunk: Chunk) -> None:
        """Add a batch; records whose bytes make no sense stay in the raw journal only."""
        signal = _MEMBERS[member]
        resource, scope = self._reader.resource, self._reader.scope(chunk.scope)
        batch = framed(resource, [scope + chunk.payload])
        try:
            found = list(records(batch, signal))
        except Malformed:
            batch = framed(resource, [scope + sound(chunk.payload, signal)])
            found = list(records(batch, signal))
        at = file.tell()
        for record in found:
            self._redaction.look(f"{self._name}/{member}.otlp", at + record.at, record.values)
            self._seen_ns = max(self._seen_ns, record.time_ns)
        self._counts[member] += len(found)
        if found:
            file.write(batch)

    def _named(self) -> Iterator[tuple[str, Any]]:
        """Give what is in the journal beside records: the resource, the terms and the places that record."""
        with suppress(ValueError):
            yield from resource_attributes(self._reader.resource)
        yield from self._reader.terms.items()
        for site in self._reader.sites().values():
            yield from site.items()

    def _ledger(self) -> Ledger:
        own = totals_in(self._reader)
        if own.processes:
            return of_counts(own.counts, own.processes)
        return balance(self._reader, is_running=self._state == "running")
