"""Hand each finished line to the sinks of the process, as a record.

The text of the line is another's business; exporters are sinks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import final

from telemetry.signals import AttributeValue, LogRecord, LogSink

from .channel import EventDict
from .processors import TRACE_FIELDS, parse_timestamp
from .severity import severity_of
from .tally import Tally

_OWN = frozenset(("timestamp", "severity", "event", "logger", *TRACE_FIELDS))

# What sends log lines logs about sending; as records, these lines would be sent, and so on for ever.
_TRANSPORTS = frozenset(("grpc", "httpcore", "httpx", "opentelemetry", "requests", "telemetry", "urllib3"))


@final
class LogRouter:
    """Give every sink every line; one that fails is counted and does not keep the line from the others.

    Lines of the loggers of HTTP and gRPC libraries and of OpenTelemetry go to the stream only.
    """

    __slots__ = ("_sinks", "_tally")

    def __init__(self, sinks: Sequence[LogSink], tally: Tally) -> None:
        self._sinks = tuple(sinks)
        self._tally = tally

    def __call__(self, _logger: object, _method: str, line: EventDict) -> EventDict:
        """Make a record of the line and hand it out."""
        if str(line.get("logger", "")).partition(".")[0] not in _TRANSPORTS:
            record = log_record(line)
            for sink in self._sinks:
                self._hand(sink, record)
        return line

    def _hand(self, sink: LogSink, record: LogRecord) -> None:
        try:
            sink.log(record)
        except Exception as error:  # noqa: BLE001 - a sink promises not to raise; one that does must not stop the line
            self._tally.add("sink", f"{type(sink).__qualname__} failed: {error!r}")


def log_record(line: EventDict) -> LogRecord:
    """Turn a line that went through a chain into data; what is no attribute value becomes JSON text."""
    return LogRecord(
        time_ns=parse_timestamp(line["timestamp"]),
        severity=severity_of(line["severity"]),
        event=line["event"],
        fields={name: _attribute(value) for name, value in line.items() if name not in _OWN and value is not None},
        logger=str(line.get("logger", "")),
        trace_id=int(line.get("trace_id", "0"), 16),
        span_id=int(line.get("span_id", "0"), 16),
        trace_flags=int(line.get("trace_flags", "0"), 16),
    )


def _attribute(value: object) -> AttributeValue:
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return str(value)
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (list, tuple)) and {type(item) for item in value} in ({str}, {bool}, {int}, {float}):
        return tuple(value)
    return json.dumps(value, default=str)
