"""What one journal holds, in the form that a replay takes: records, open spans and metric pages.

All of the ring is read, shipped or not: who looks at a run wants what there is, not what waits. It only reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, Final, final

from telemetry._hotpath import Chunk, extent, protobuf
from telemetry.journal import Reader, balance, closed_spans, recover
from telemetry.journal import State as JournalState

from .notes import Notes

_WHOLE: Final = 1 << 62
_MOST_STEPS: Final = 1 << 16
_OWN_SCOPE: Final = 0
_MEMBERS: Final[Mapping[str, int]] = {"spans.otlp": extent.SPAN, "logs.otlp": extent.LOG}
_RECOVERED: Final = "recovered.otlp"


@final
class JournalContents:
    """The content of one journal.

    Args:
        reader: The journal.
        state: What has become of its process.

    Attributes:
        resource: Who recorded, as the content of OTLP's `Resource`.
        scope: Our own scope, as the content of `ScopeSpans` without its spans.
        pages: The metric pages; none where they were added to those of the dead.
        seen_ns: The last sign of life, since the epoch.
    """

    __slots__ = ("_reader", "_state", "pages", "resource", "scope", "seen_ns")

    def __init__(self, reader: Reader, state: JournalState) -> None:
        self._reader = reader
        self._state = state
        self.resource = reader.resource
        self.scope = reader.scope(_OWN_SCOPE)
        self.pages = [] if reader.memory.word(extent.FOLDED) else reader.snapshots()
        self.seen_ns = recover(reader).last_ns or reader.identity.created_ns

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Nothing: whoever looks reads the resource."""
        return {}

    def notes(self, source: str) -> Notes:
        """Give what is known of the process beside its records."""
        reader = self._reader
        sites = reader.sites()
        places = {f"{each.record.span_id:016x}": _place(sites.get(each.site, {})) for each in reader.opened()}
        return Notes(
            source=source,
            service=str(reader.terms.get("service", "")),
            pid=str(reader.identity.pid),
            state=self._state,
            ledger=_terms(asdict(balance(reader, is_running=self._state == "running"))),
            places={span: place for span, place in places.items() if place},
        )

    def batches(self, member: str) -> Iterator[tuple[bytes, int]]:
        """Give each batch of an OTLP member, and the number of records in it."""
        if member == _RECOVERED:
            chunks = self._left()
        else:
            chunks = (each for each in self._all() if each.kind == _MEMBERS[member])
        for chunk in chunks:
            scope = protobuf.message(0x12, self._reader.scope(chunk.scope) + chunk.payload)
            batch = protobuf.message(0x0A, protobuf.message(0x0A, self.resource) + scope)
            yield batch, len(chunk.flags)

    def _all(self) -> Iterator[Chunk]:
        """Give all records of the ring; the steps are bounded, for a process may write faster than this reads."""
        cursor = 0
        for _ in range(_MOST_STEPS):
            batch = self._reader.batch(cursor, most=_WHOLE, size=_WHOLE, last=True, claim=False)
            yield from batch.chunks
            if batch.cursor == cursor:
                return
            cursor = batch.cursor

    def _left(self) -> Iterator[Chunk]:
        """Give what is not in the ring: spans that wait for a verdict, and open ones, without an end where it runs."""
        for each in self._reader.undecided():
            yield Chunk(extent.SPAN, each.scope, bytes((each.flags,)), each.payload)
        opened, closed = self._reader.opened(), closed_spans(self._reader)
        for span, record in zip(opened, closed, strict=False):
            shown = replace(span.record, end_ns=0) if self._state == "running" else record
            yield Chunk(extent.SPAN, span.scope, b"\1", protobuf.spans_field(protobuf.span(shown)))


def _place(site: Mapping[str, Any]) -> str:
    function, file, line = (str(site.get(name, "")) for name in ("function", "file", "line"))
    return f"{function} in {file}:{line}" if function and file else function


def _terms(ledger: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(count) for name, count in ledger.items()}
