"""Read what journals and bundles hold: finished spans, open ones, log records, and metrics."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

from telemetry._hotpath import Chunk, decoded, extent, protobuf
from telemetry.contracts import Registry
from telemetry.errors import JournalError, SourceError
from telemetry.journal import LOCK_NAME, Folder, Reader, read_dead, readers, recover, state_of, unreadable
from telemetry.metrics import MergedMetrics, parts_of

from .recording import OWN_SCOPE, Damage, Misfit, Recording, samples_of

Signal = Literal["spans", "logs"]

_SIGNALS: Final[dict[int, Signal]] = {extent.SPAN: "spans", extent.LOG: "logs"}
_NO_JOURNAL: Final = (
    "there is no journal in it; name the folder that TELEMETRY_JOURNAL names, and let the program call "
    "telemetry.configure(), or start it with `telemetry run` and targets"
)
_MEMBERS: Final[tuple[tuple[str, Signal], ...]] = (
    ("spans.otlp", "spans"),
    ("recovered.otlp", "spans"),
    ("logs.otlp", "logs"),
)


def journal_folders(path: Path) -> list[Folder]:
    """Give a folder of journals, or all such folders in it; one that was copied from elsewhere may have no lock.

    Raises:
        SourceError: There is none.
    """
    inner = [path] if _has_journals(path) else sorted(each for each in path.iterdir() if each.is_dir())
    found = [each for each in inner if _has_journals(each)]
    if not found:
        raise SourceError(str(path), _NO_JOURNAL)
    try:
        return [Folder.open(each) for each in found]
    except JournalError as error:
        raise SourceError(str(path), str(error)) from error


def journal_recordings(folders: Sequence[Folder], registry: Registry) -> Iterator[Recording]:
    """Give what is in the journals of folders: of running processes too, and what was open when one died."""
    for folder in folders:
        pages: list[bytes] = []
        for reader in readers(folder, only_read=True):
            with reader:
                yield from _process(reader, folder)
                pages += reader.snapshots()
        with suppress(JournalError):
            pages += read_dead(folder).pages
        yield from metric_recordings(pages, registry)
        for path, problem in unreadable(folder):
            yield Recording(Damage(str(path), problem))


def bundle_recordings(bundle: Any, registry: Registry) -> Iterator[Recording]:
    """Give what is in an open bundle."""
    for process in bundle.processes():
        key = str(process.attributes.get("service.instance.id", ""))
        for member, signal in _MEMBERS:
            for batch, _ in process.batches(member):
                yield from _grouped(batch, signal, key)
        service = str(process.attributes.get("service.name", ""))
        yield from metric_recordings(process.pages, registry, service)


def metric_recordings(pages: Sequence[bytes], registry: Registry, service: str = "") -> Iterator[Recording]:
    """Give the series in metric pages; the contracts say what their labels are called."""
    parts = [(part, False) for part in parts_of(pages)]
    source = MergedMetrics(registry, lambda: parts)
    for family in source.families():
        for sample in samples_of(family):
            yield Recording(sample, service)
    values = _values_of(source.refused, pages)
    for name, problem in source.refused.items():
        yield Recording(Misfit(name, problem, values=tuple(values.get(name, ()))), service)


def _values_of(names: Collection[str], pages: Sequence[bytes]) -> dict[str, dict[tuple[str, ...], None]]:
    """Give the label values of the series of some metrics, each once."""
    import json

    found: dict[str, dict[tuple[str, ...], None]] = {}
    for part in parts_of(pages) if names else ():
        with suppress(ValueError):
            for _, _, descriptor, *_ in part.entries():
                name, values = json.loads(descriptor)[:2]
                if name in names:
                    found.setdefault(name, {})[tuple(values)] = None
    return found


def _has_journals(path: Path) -> bool:
    return (path / LOCK_NAME).exists() or any(path.glob("*.journal"))


def _process(reader: Reader, folder: Folder) -> Iterator[Recording]:
    service, key = str(reader.terms.get("service", "")), f"{reader.identity.key:x}"
    if state_of(reader, folder) == "running":
        chunks = [chunk for batch in reader.rest() for chunk in batch.chunks]
        for span in reader.open_spans():
            yield Recording(span, service, key)
    else:
        recovery = recover(reader)
        chunks = [*recovery.finished, *recovery.closed]
        if recovery.torn + recovery.corrupt:
            problem = f"{recovery.torn} records are torn, {recovery.corrupt} are damaged"
            yield Recording(Damage(str(reader.path), problem), service, key)
    for chunk in chunks:
        body = protobuf.message(0x12, reader.scope(chunk.scope) + chunk.payload)
        request = protobuf.message(0x0A, protobuf.message(0x0A, reader.resource) + body)
        yield from _of_chunk(request, chunk, str(reader.path), service, key)


def _of_chunk(request: bytes, chunk: Chunk, path: str, service: str, key: str) -> Iterator[Recording]:
    try:
        found = list(_grouped(request, _SIGNALS[chunk.kind], key))
    except (ValueError, LookupError, TypeError) as error:
        yield Recording(Damage(path, f"a record is no OTLP: {error}"), service, key)
        return
    yield from (Recording(each.what, service or each.service, key) for each in found)


def _grouped(request: bytes, signal: Signal, key: str) -> Iterator[Recording]:
    from telemetry.export.unpacking import groups, log_records

    for group in groups(request):
        service = str(group.resource.get("service.name", ""))
        if signal == "logs":
            for record in log_records(group.payload):
                yield Recording(record, service, key)
        else:
            scope = None if group.scope.name == OWN_SCOPE else group.scope
            for span in decoded([(scope, 0, group.payload)]):
                yield Recording(span, service, key)
