"""Open what is to be looked at: a journal, a folder of journals, a bundle, or lines of OTLP JSON.

Everything becomes OTLP's JSON first, so that all sources are read in one way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, final

from telemetry._hotpath import protobuf
from telemetry.contracts import Registry
from telemetry.errors import JournalError
from telemetry.journal import DEAD_NAME, LOCK_NAME, Folder, Reader, open_journal, read_dead, state_of
from telemetry.journal import State as JournalState

from .contents import JournalContents
from .discretion import Discretion
from .draft import Draft, documents
from .notes import Notes
from .recording import Recording

Signal = Literal["traces", "logs"]

_RECORDS: Final[Mapping[Signal, str]] = {"traces": "spans", "logs": "log records"}
_JOURNALS: Final = "*-*-*.journal"
_SUFFIX: Final = ".journal"
_GZIP: Final = b"\x1f\x8b"
_MEMBERS: Final[tuple[tuple[str, Signal], ...]] = (
    ("spans.otlp", "traces"),
    ("recovered.otlp", "traces"),
    ("logs.otlp", "logs"),
)


def read_recording(source: Path, registry: Registry) -> Recording:
    """Read everything of a source; what is damaged in it is left out, and said in `problems`.

    Args:
        source: A journal, a folder of journals or of such folders, a bundle, or a file with lines of OTLP JSON.
        registry: The contracts: what metrics in journals are, and what is secret. A bundle has its own metrics.

    Raises:
        JournalError: There is no such thing, or it is none of these.
    """
    draft = Draft(source.resolve().name, Discretion(registry))
    try:
        _read(source, draft, registry)
    except JournalError:
        raise
    except OSError as error:
        raise JournalError(str(source), f"it cannot be read: {error.strerror or error}") from error
    return draft.finished()


def _read(source: Path, draft: Draft, registry: Registry) -> None:
    if source.is_dir():
        _read_folders(source, draft, registry)
    elif source.suffix == _SUFFIX:
        _read_journal(source, draft, registry)
    elif _begins(source) == _GZIP:
        _read_bundle(source, draft)
    else:
        _read_lines(source, draft)


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_GZIP))


def _read_folders(source: Path, draft: Draft, registry: Registry) -> None:
    folders = [each for each in (source, *sorted(source.iterdir())) if each.is_dir() and not each.is_symlink()]
    found = [each for each in folders if (each / LOCK_NAME).exists() or any(each.glob(_JOURNALS))]
    if not found:
        raise JournalError(
            str(source), "there is no journal in it; name a folder that TELEMETRY_JOURNAL names, a bundle or a file"
        )
    for folder in found:
        for path in sorted(folder.glob(_JOURNALS)):
            try:
                _read_journal(path, draft, registry)
            except JournalError as error:
                draft.problems.append(str(error).replace(str(path), path.name))
        _read_totals(folder, draft, registry)


def _read_journal(path: Path, draft: Draft, registry: Registry) -> None:
    with open_journal(path, only_read=True) as reader:
        contents = JournalContents(reader, _state(reader, path))
        _take(draft, contents, contents.notes(path.name), registry)


def _state(reader: Reader, path: Path) -> JournalState:
    """Tell what has become of a process; of a journal that was copied elsewhere nobody can be asked."""
    if (path.parent / LOCK_NAME).exists():
        return state_of(reader, Folder.open(path.parent))
    return "ended" if reader.has_ended else "died"


def _read_totals(folder: Path, draft: Draft, registry: Registry) -> None:
    """Take the metrics of processes that were folded, which stand in one file."""
    if not (folder / DEAD_NAME).exists() or not (folder / LOCK_NAME).exists():
        return
    try:
        dead = read_dead(Folder.open(folder))
    except JournalError as error:
        draft.problems.append(str(error).replace(str(folder), folder.name))
        return
    if dead.pages:
        notes = Notes(source=DEAD_NAME, service=f"{dead.processes} processes that are gone", state="totals")
        _take(draft, _Totals(dead.pages, 0), notes, registry)


def _read_bundle(path: Path, draft: Draft) -> None:
    from telemetry.journal.bundle import Bundle

    with Bundle.open(path) as bundle:
        for contents in bundle.processes():
            known = contents.process
            state = "totals" if known.folder.endswith(Path(DEAD_NAME).stem) else known.state
            ledger = dict(known.ledger)
            notes = Notes(source=known.folder, pid=str(known.pid), state=state, ledger=ledger)
            _take(draft, contents, notes, bundle.registry)
        draft.problems += [f"{name}: {reason}" for name, reason in bundle.manifest.unreadable.items()]


def _read_lines(path: Path, draft: Draft) -> None:
    with path.open("rb") as file:
        for document in documents(iter(file)):
            draft.take(document, Notes())
    if draft.is_empty:
        raise JournalError(str(path), "no line of it is OTLP JSON; name a journal, a bundle, or a file of such lines")


def _take(draft: Draft, contents: Any, notes: Notes, registry: Registry) -> None:
    """Read one process: who it was, its records, then the last state of its metrics."""
    from telemetry.export.replay.jsonlines import json_lines
    from telemetry.export.replay.request import metric_requests
    from telemetry.export.replay.source import ProcessRecords

    _take_batch(draft, "traces", protobuf.message(0x0A, protobuf.message(0x0A, contents.resource)), notes)
    for member, signal in _MEMBERS:
        for batch, _ in contents.batches(member):
            _take_batch(draft, signal, batch, notes)
    records = ProcessRecords(contents, registry)
    draft.problems += [f"{notes.source}: metric {name}: {reason}" for name, reason in records.refused.items()]
    for line in json_lines(metric_requests(records)):
        draft.take(json.loads(line), notes)


def _take_batch(draft: Draft, signal: Signal, batch: bytes, notes: Notes) -> None:
    """Take a batch; where something in it cannot be read, take it in halves, so that one bad record costs one."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    from telemetry.export.replay.jsonlines import json_lines
    from telemetry.export.replay.request import Request, halved

    request = Request(signal, batch, 0)
    try:
        found = [json.loads(line) for line in json_lines([request])]
    except (DecodeError, ValueError, RecursionError):
        halves = _quietly(halved, request)
        if len(halves) < 2:
            draft.miss(_RECORDS[signal])
            return
        for half in halves:
            _take_batch(draft, signal, half.body, notes)
        return
    for document in found:
        draft.take(document, notes)


def _quietly(divide: Callable[[Any], Sequence[Any]], request: Any) -> Sequence[Any]:
    try:
        return divide(request)
    except (ValueError, LookupError, TypeError):
        return ()


@final
class _Totals:
    """The metrics of processes that are gone, as the contents of one."""

    resource = scope = b""
    attributes: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, pages: Sequence[bytes], seen_ns: int) -> None:
        self.pages = pages
        self.seen_ns = seen_ns

    def batches(self, member: str) -> Iterator[tuple[bytes, int]]:
        """Give nothing: no record is in the totals."""
        return iter(())
