"""Take requests apart again, for exporters that take no bytes.

It reads what `request` and the encoders wrote; `courier` calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, final

from telemetry._hotpath import protobuf, reading
from telemetry.signals import LogRecord, Scope, Severity

_SEVERITIES: Final[dict[int, Severity]] = {
    5: "debug",
    9: "info",
    13: "warning",
    17: "error",
    21: "critical",
}


@final
@dataclass(frozen=True, slots=True)
class Group:
    """The records of one scope.

    Attributes:
        resource: The attributes of who recorded.
        scope: What recorded.
        payload: The records, each as field 2 of `ScopeSpans` or `ScopeLogs`.
    """

    resource: dict[str, Any]
    scope: Scope
    payload: bytes


def groups(request: bytes) -> Iterator[Group]:
    """Give the records of a request for spans or log records."""
    for _, part in reading.fields(request):
        resource: dict[str, Any] = {}
        for number, content in reading.fields(part):
            if number == 1:
                resource = reading.attributes([pair for field, pair in reading.fields(content) if field == 1])
            elif number == 2:
                yield _group(resource, content)


def log_records(payload: bytes) -> Iterator[LogRecord]:
    """Decode log records, whose logger is their scope."""
    for _, message in reading.fields(payload):
        found: dict[int, Any] = {}
        pairs: list[bytes] = []
        for number, value in reading.fields(message):
            if number == 6:
                pairs.append(value)
            else:
                found[number] = value
        yield LogRecord(
            time_ns=found.get(1, 0),
            severity=_SEVERITIES.get(found.get(2, 0), "info"),
            event=str(reading.value(found.get(5, b"")) or ""),
            fields=reading.attributes(pairs),
            trace_id=int.from_bytes(found.get(9, b""), "big"),
            span_id=int.from_bytes(found.get(10, b""), "big"),
            trace_flags=found.get(8, 0),
        )


def _group(resource: dict[str, Any], content: bytes) -> Group:
    scope: dict[int, Any] = {}
    pairs: list[bytes] = []
    schema_url = b""
    records: list[bytes] = []
    for number, value in reading.fields(content):
        if number == 2:
            records.append(protobuf.spans_field(value))
        elif number == 3:
            schema_url = value
        elif number == 1:
            scope = dict(reading.fields(value))
            pairs = [pair for field, pair in reading.fields(value) if field == 3]
    name, version = (str(scope.get(number, b""), "utf-8") for number in (1, 2))
    return Group(resource, Scope(name, version, str(schema_url, "utf-8"), reading.attributes(pairs)), b"".join(records))
