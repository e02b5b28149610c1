"""Read a line of our own logs back: a JSON object with an event and a severity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, get_args

from telemetry.signals import LogRecord, Severity

_ELSEWHERE: Final = ("timestamp", "event", "severity", "logger", "trace_id", "span_id", "trace_flags")


def line_record(line: Mapping[str, Any]) -> LogRecord:
    """Make a record of a line.

    Raises:
        ValueError: It is no line of ours.
    """
    severity: Any = line.get("severity")
    event = line.get("event")
    if severity not in get_args(Severity) or not isinstance(event, str):
        raise ValueError("it has none of resourceSpans, resourceMetrics and resourceLogs, nor event and severity")
    return LogRecord(
        time_ns=_time_ns(str(line.get("timestamp", ""))),
        severity=severity,
        event=event,
        fields={name: value for name, value in line.items() if name not in _ELSEWHERE and value is not None},
        logger=str(line.get("logger", "")),
        trace_id=int(str(line.get("trace_id") or "0"), 16),
        span_id=int(str(line.get("span_id") or "0"), 16),
    )


def _time_ns(timestamp: str) -> int:
    """Read ISO 8601 in UTC; 0 where it is none."""
    whole, _, fraction = timestamp.removesuffix("Z").partition(".")
    try:
        seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
        return seconds * 10**9 + int(fraction.ljust(9, "0")[:9] or "0")
    except ValueError:
        return 0
