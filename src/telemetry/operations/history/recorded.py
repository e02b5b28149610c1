"""History out of journals and bundles: the last state of the metrics of each process.

That is one sample for a gauge, and two for what counts: 0 at the start of the process, and the last state. A window is
compared with windows of other processes, so this serves runs; a fleet's hours come from an engine or its files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, final

from telemetry.contracts import Registry
from telemetry.errors import JournalError
from telemetry.journal import LOCK_NAME, Folder, Reader, open_journal, state_of
from telemetry.journal import State as JournalState
from telemetry.operations.view.contents import JournalContents

from .otlp import OtlpSeries
from .problem import HistoryError
from .sample import Query, Reading

_JOURNALS: Final = "*-*-*.journal"


@final
class JournalHistory:
    """A folder of journals, a folder of such folders, or one journal."""

    __slots__ = ("_path", "_registry", "name")

    def __init__(self, path: Path, registry: Registry) -> None:
        self._path = path
        self._registry = registry
        self.name = str(path)

    def read(self, query: Query) -> Reading:
        """Give the samples that a query is about; a journal that is damaged is left out, and said."""
        found, problems = OtlpSeries(query), []
        for path in self._journals():
            try:
                with open_journal(path, only_read=True) as reader:
                    _take(found, JournalContents(reader, _state(reader, path)), self._registry, path.stem)
            except (JournalError, OSError) as error:
                problems.append(str(error))
        reading = found.reading(self.name)
        return Reading(reading.series, [*problems, *reading.problems])

    def _journals(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        return sorted([*self._path.glob(_JOURNALS), *self._path.glob(f"*/{_JOURNALS}")])


@final
class BundleHistory:
    """A bundle, which has contracts of its own."""

    __slots__ = ("_path", "name")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def read(self, query: Query) -> Reading:
        """Give the samples that a query is about.

        Raises:
            HistoryError: The bundle is damaged, or cut off.
        """
        from telemetry.journal.bundle import Bundle

        found = OtlpSeries(query)
        try:
            with Bundle.open(self._path) as bundle:
                for contents in bundle.processes():
                    _take(found, contents, bundle.registry, f"{contents.process.folder} {contents.process.pid}")
                left_out = [f"{name}: {reason}" for name, reason in bundle.manifest.unreadable.items()]
        except (JournalError, OSError) as error:
            raise HistoryError(self.name, str(error).removeprefix(f"{self._path}: ")) from error
        reading = found.reading(self.name)
        return Reading(reading.series, [*left_out, *reading.problems])


def _take(found: OtlpSeries, contents: Any, registry: Registry, origin: str) -> None:
    for document in _documents(contents, registry):
        found.take(document, origin)


def _documents(contents: Any, registry: Registry) -> Iterator[object]:
    from telemetry.export.replay.jsonlines import json_lines
    from telemetry.export.replay.request import metric_requests
    from telemetry.export.replay.source import ProcessRecords

    for line in json_lines(metric_requests(ProcessRecords(contents, registry))):
        yield json.loads(line)


def _state(reader: Reader, path: Path) -> JournalState:
    if (path.parent / LOCK_NAME).exists():
        return state_of(reader, Folder.open(path.parent))
    return "ended" if reader.has_ended else "died"
