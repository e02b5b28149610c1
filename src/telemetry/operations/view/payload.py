"""A recording as the page reads it: texts in one table, spans in columns, times from the first.

Nothing but ASCII leaves here, so that half a character harms nobody, and nothing that could end a script element.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any, Final, final

from .lanes import lanes_of
from .recording import Event, Exemplar, Line, Metric, Process, Recording, Series, Span, Values
from .traces import Trace, traces_of

_KINDS: Final = ("internal", "server", "client", "producer", "consumer")
_STATUSES: Final = ("unset", "ok", "error")


def payload(recording: Recording, opened: str = "") -> str:
    """Write a recording as JSON that may stand in a script element.

    Args:
        recording: What is shown.
        opened: The trace that is open at first; empty for none.
    """
    text = json.dumps(_Payload(recording).document(opened), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@final
class _Payload:
    """One recording while it is written."""

    __slots__ = ("_numbers", "_recording", "_zero_ns")

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._numbers: dict[str, int] = {}
        times = [each.start_ns for each in recording.spans] + [each.time_ns for each in recording.lines if each.time_ns]
        self._zero_ns = min(times, default=0)

    def document(self, opened: str) -> dict[str, Any]:
        """Give everything; the texts come last, when all of them are known."""
        recording = self._recording
        return {
            "title": recording.title,
            "opened": opened,
            "zero": str(self._zero_ns),
            "problems": list(recording.problems),
            "processes": [self._process(each) for each in recording.processes],
            "traces": [self._trace(each) for each in traces_of(recording)],
            "lines": [self._line(each) for each in recording.lines],
            "metrics": [self._metric(each) for each in recording.metrics],
            "texts": list(self._numbers),
        }

    def _text(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def _values(self, values: Values) -> list[int]:
        return [self._text(each) for name, value in values.items() for each in (name, shown(value))]

    def _process(self, process: Process) -> dict[str, Any]:
        return {**asdict(process), "resource": self._values(process.resource), "ledger": dict(process.ledger)}

    def _trace(self, trace: Trace) -> dict[str, Any]:
        spans = trace.spans
        found = lanes_of(spans)
        lanes = {id(span): number for number, lane in enumerate(found) for span in lane.spans}
        return {
            "id": trace.trace_id,
            "span": [each.span_id for each in spans],
            "parent": list(trace.parents),
            "lost": [int(_is_lost(each, parent)) for each, parent in zip(spans, trace.parents, strict=True)],
            "name": [self._text(each.name) for each in spans],
            "start": [each.start_ns - self._zero_ns for each in spans],
            "took": [each.end_ns - each.start_ns for each in spans],
            "process": [each.process for each in spans],
            "lane": [lanes[id(each)] for each in spans],
            "lanes": [lane.name for lane in found],
            "kind": [_KINDS.index(each.kind) for each in spans],
            "status": [_STATUSES.index(each.status) for each in spans],
            "open": [int(each.is_open) for each in spans],
            "attributes": [self._values(each.attributes) for each in spans],
            "more": {str(at): more for at, each in enumerate(spans) if (more := self._more(each))},
        }

    def _more(self, span: Span) -> dict[str, Any]:
        """Give what few spans have."""
        found = {
            "says": span.status_text,
            "scope": span.scope,
            "tracestate": span.tracestate,
            "place": span.place,
            "events": [
                [each.name, each.time_ns - self._zero_ns, self._values(each.attributes)] for each in span.events
            ],
            "links": [[each.trace_id, each.span_id, self._values(each.attributes)] for each in span.links],
        }
        return {name: value for name, value in found.items() if value}

    def _event(self, event: Event) -> list[Any]:
        return [event.name, event.time_ns - self._zero_ns, self._values(event.attributes)]

    def _line(self, line: Line) -> dict[str, Any]:
        return {
            "time": line.time_ns - self._zero_ns if line.time_ns else 0,
            "severity": line.severity,
            "text": self._text(line.text),
            "attributes": self._values(line.attributes),
            "trace": line.trace_id,
            "span": line.span_id,
            "process": line.process,
        }

    def _metric(self, metric: Metric) -> dict[str, Any]:
        head = {"name": metric.name, "kind": metric.kind, "unit": metric.unit, "description": metric.description}
        return {**head, "series": [self._series(each) for each in metric.series]}

    def _series(self, series: Series) -> dict[str, Any]:
        return {
            "process": series.process,
            "labels": self._values(series.labels),
            "time": series.time_ns - self._zero_ns if series.time_ns and self._zero_ns else 0,
            "value": _number(series.value),
            "count": series.count,
            "bounds": [_number(each) for each in series.bounds],
            "buckets": list(series.buckets),
            "quantiles": [[_number(quantile), _number(value)] for quantile, value in series.quantiles],
            "exemplars": [self._exemplar(each) for each in series.exemplars],
        }

    def _exemplar(self, exemplar: Exemplar) -> list[Any]:
        return [_number(exemplar.value), exemplar.trace_id, exemplar.span_id]


def _is_lost(span: Span, parent: int) -> bool:
    """Tell whether the span around is not in the recording."""
    return parent < 0 and bool(span.parent_id)


def _number(value: float) -> float | str:
    return value if isfinite(value) else str(value)


def shown(value: Any) -> str:
    """Give the text that stands for a value.

    >>> shown(["a", 1, True])
    '["a", 1, true]'
    """
    if isinstance(value, str):
        return value
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Give a value without floats that JSON does not have."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
