"""Make a recording of OTLP's JSON documents, whoever wrote them; nothing in them is trusted.

A record that cannot be read is left out and counted. Field names and encodings are those of the OTLP specification 1.x,
"JSON Protobuf Encoding": ids in hex, 64-bit integers as text or numbers, enumerations as numbers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, final

from .discretion import Discretion
from .field import identifier, items, mapping, plain, text, values, whole
from .notes import Notes
from .points import MetricDraft
from .recording import Event, Line, Link, Process, Recording, Span

_KINDS: Final = ("internal", "internal", "server", "client", "producer", "consumer")
_STATUSES: Final = ("unset", "ok", "error")
_SEVERITIES: Final = ((21, "critical"), (17, "error"), (13, "warning"), (9, "info"), (1, "debug"))
_RECOVERED: Final = "telemetry.recovered"
_NAMES: Final = {"logRecords": "log records"}
_UNREADABLE: Final = (TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError)


@final
class Draft:
    """A recording while its documents are read.

    Args:
        title: The name of the source.
        discretion: What takes secrets out of everything that is read.
    """

    __slots__ = (
        *("_damaged", "_discretion", "_indices", "_lines", "_metrics"),
        *("_processes", "_seen_ns", "_spans", "_title", "problems"),
    )

    def __init__(self, title: str, discretion: Discretion) -> None:
        self._title = title
        self._discretion = discretion
        self._indices: dict[str, int] = {}
        self._processes: list[Process] = []
        self._spans: dict[tuple[str, str, int], Span] = {}
        self._lines: list[Line] = []
        self._metrics = MetricDraft(discretion)
        self._seen_ns: Counter[int] = Counter()
        self._damaged: Counter[str] = Counter()
        self.problems: list[str] = []

    def take(self, document: object, notes: Notes) -> None:
        """Take one request, or one line of a file; whatever is no OTLP in it is counted as damaged."""
        found = document if isinstance(document, Mapping) else {}
        known = [name for name in _TAKERS if name in found]
        if not known:
            self._damaged["lines"] += 1
        for name in known:
            for batch in self._safely(items, found, name, "batches") or ():
                self._safely(Draft._batch, self, batch, "batches", name, notes)

    def miss(self, counted: str) -> None:
        """Count a record that could not be read before it came here."""
        self._damaged[counted] += 1

    @property
    def is_empty(self) -> bool:
        """Whether no document was OTLP."""
        return not self._processes

    def process(self, notes: Notes, resource: Mapping[str, Any]) -> int:
        """Give the index of a process, which is made where it is new."""
        key = notes.source + json.dumps(resource, sort_keys=True)
        if key not in self._indices:
            shown = self._discretion.values(resource)
            self._indices[key] = len(self._processes)
            self._processes.append(
                Process(
                    service=str(shown.get("service.name", notes.service)),
                    pid=str(shown.get("process.pid", notes.pid)),
                    state=notes.state,
                    resource=shown,
                    ledger=notes.ledger,
                    source=notes.source,
                )
            )
        return self._indices[key]

    def finished(self) -> Recording:
        """Give the recording: spans by their start, log records by their time, metrics by name."""
        left_out = [f"{name} that cannot be read: {count}" for name, count in sorted(self._damaged.items())]
        return Recording(
            title=self._title,
            processes=tuple(self._processes),
            spans=sorted(map(self._ended, self._spans.values()), key=_position),
            lines=sorted(self._lines, key=lambda each: each.time_ns),
            metrics=self._metrics.finished(),
            problems=(*self.problems, *left_out),
        )

    def _safely(self, act: Callable[..., Any], whose: Any, given: Any, counted: str, *more: Any) -> Any:
        try:
            return act(whose, given, *more)
        except _UNREADABLE:
            self._damaged[counted] += 1
            return None

    def _batch(self, batch: Mapping[str, Any], name: str, notes: Notes) -> None:
        inner, records, take = _TAKERS[name]
        process = self.process(notes, values(mapping(batch, "resource"), "attributes"))
        for scope in items(batch, inner):
            scope_name = text(mapping(scope, "scope"), "name")
            for record in items(scope, records):
                self._safely(take, self, record, _NAMES.get(records, records), process, scope_name, notes)

    def _span(self, given: Mapping[str, Any], process: int, scope: str, notes: Notes) -> None:
        trace_id, span_id = identifier(given, "traceId", 32), identifier(given, "spanId", 16)
        start_ns, end_ns = whole(given, "startTimeUnixNano"), whole(given, "endTimeUnixNano")
        if not trace_id or not span_id or not start_ns:
            raise ValueError("a span without ids or time")
        status = mapping(given, "status")
        attributes = self._discretion.values(values(given, "attributes"))
        span = Span(
            trace_id=trace_id,
            span_id=span_id,
            parent_id=identifier(given, "parentSpanId", 16),
            name=self._discretion.text(text(given, "name")),
            kind=_among(_KINDS, whole(given, "kind")),
            start_ns=start_ns,
            end_ns=max(start_ns, end_ns) if end_ns else 0,
            status=_among(_STATUSES, whole(status, "code")),
            status_text=self._discretion.text(text(status, "message")),
            attributes=attributes,
            events=tuple(self._event(each) for each in items(given, "events")),
            links=tuple(self._link(each) for each in items(given, "links")),
            process=process,
            scope=self._discretion.text(scope),
            tracestate=self._discretion.text(text(given, "traceState")),
            is_open=not end_ns or attributes.get(_RECOVERED) is True,
            place=notes.places.get(span_id, ""),
        )
        self._seen_ns[process] = max(self._seen_ns[process], span.end_ns, start_ns)
        self._spans.setdefault((trace_id, span_id, process), span)

    def _line(self, given: Mapping[str, Any], process: int, _: str, __: Notes) -> None:
        number = whole(given, "severityNumber")
        body, event = plain(mapping(given, "body")), text(given, "eventName")
        line = Line(
            time_ns=whole(given, "timeUnixNano") or whole(given, "observedTimeUnixNano"),
            severity=_severity(number) or text(given, "severityText").lower(),
            text=self._discretion.text(body if isinstance(body, str) else event or json.dumps(body)),
            attributes=self._discretion.values(values(given, "attributes")),
            trace_id=identifier(given, "traceId", 32),
            span_id=identifier(given, "spanId", 16),
            process=process,
        )
        self._seen_ns[process] = max(self._seen_ns[process], line.time_ns)
        self._lines.append(line)

    def _metric(self, given: Mapping[str, Any], process: int, _: str, __: Notes) -> None:
        self._metrics.take(given, process)

    def _event(self, given: Mapping[str, Any]) -> Event:
        attributes = self._discretion.values(values(given, "attributes"))
        return Event(self._discretion.text(text(given, "name")), whole(given, "timeUnixNano"), attributes)

    def _link(self, given: Mapping[str, Any]) -> Link:
        ids = identifier(given, "traceId", 32), identifier(given, "spanId", 16)
        return Link(*ids, self._discretion.values(values(given, "attributes")))

    def _ended(self, span: Span) -> Span:
        """End a span that nobody has ended with the last sign of life of its process."""
        return span if span.end_ns else replace(span, end_ns=max(self._seen_ns[span.process], span.start_ns))


_Taker = Callable[[Draft, Any, int, str, Notes], None]
_TAKERS: Final[Mapping[str, tuple[str, str, _Taker]]] = {
    "resourceSpans": ("scopeSpans", "spans", Draft._span),
    "resourceLogs": ("scopeLogs", "logRecords", Draft._line),
    "resourceMetrics": ("scopeMetrics", "metrics", Draft._metric),
}


def _among(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else names[0]


def _severity(number: int) -> str:
    return next((name for least, name in _SEVERITIES if number >= least), "")


def _position(span: Span) -> tuple[int, int, str]:
    return span.start_ns, -span.end_ns, span.span_id


def documents(lines: Iterator[bytes]) -> Iterator[object]:
    """Read lines of JSON; None for one that is none."""
    for line in lines:
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None
