"""The other processes of a run: what they recorded, read from the journals that they left beside ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import final

from telemetry._hotpath import Chunk, extent
from telemetry.journal import JournalFile, readers
from telemetry.metrics import MergedMetrics, Part, parts_of
from telemetry.runtime import TelemetryDispatcher
from telemetry.signals import Family, Scope, SpanRecord
from telemetry.tracing import decoded

_OURS = 0
_THEIRS = Scope("another process")


@final
class Crew:
    """The processes that belong to the run of one runtime, itself included, once they have ended.

    What they shipped already is not here any more, so it is for runs without an endpoint.
    """

    __slots__ = ("_pages", "_runtime", "spans")

    def __init__(self, runtime: TelemetryDispatcher) -> None:
        self._runtime = runtime
        self.spans: list[SpanRecord] = []
        self._pages: list[Part] = []
        region = runtime.region
        if not isinstance(region, JournalFile):
            return
        for reader in readers(region.folder, only_read=True):
            with reader:
                if reader.terms.get("run_id") != runtime.run_id:
                    continue
                self._pages += parts_of(reader.snapshots())
                if reader.identity.key != region.key:
                    self.spans += spans_of(chunk for batch in reader.rest() for chunk in batch.chunks)

    def families(self) -> Sequence[Family]:
        """Give the metrics of all of them together."""
        if not self.spans:
            return self._runtime.families()
        return MergedMetrics(self._runtime.registry, lambda: [(part, False) for part in self._pages]).families()


def spans_of(chunks: Iterable[Chunk]) -> Iterator[SpanRecord]:
    """Give the spans of a journal's chunks."""
    for chunk in chunks:
        if chunk.kind == extent.SPAN:
            yield from decoded([(_scope(chunk), len(chunk.flags), chunk.payload)], chunk.flags)


def _scope(chunk: Chunk) -> Scope | None:
    return None if chunk.scope == _OURS else _THEIRS
