"""Judge what an OTLP endpoint answers: taken, refused, or to be sent again, and when.

It sends nothing; `post` and `grpc` ask it. Sources: OTLP specification 1.x, "OTLP/HTTP Response" and "Failures" of
OTLP/gRPC; RFC 9110 §10.2.3 (Retry-After); `google/rpc/status.proto` and `error_details.proto`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from telemetry._hotpath import reading
from telemetry.journal import Again, Refused, Taken, TooLarge, Verdict

Line = Callable[[bytes], Verdict]
"""Sends an encoded request to the endpoint of one signal, and judges the answer."""

LONGEST_SECONDS: Final = 3600.0
"""The longest that an endpoint can ask to be left alone: a date far in the future would end the export for good."""

_AGAIN: Final = frozenset({408, 429, 502, 503, 504})
_TOO_LARGE: Final = 413
_GRPC_AGAIN: Final = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
)
_EXHAUSTED: Final = "RESOURCE_EXHAUSTED"
_SHORT: Final = 200


def http_verdict(status: int, reason: str | None, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Judge an answer over HTTP."""
    if 200 <= status < 300:
        return taken(body)
    said = " ".join(filter(None, (f"HTTP {status}", reason, _told(body))))
    if status == _TOO_LARGE:
        return TooLarge(said)
    return Again(said, _retry_after(headers)) if status in _AGAIN else Refused(said)


def grpc_verdict(code: str, details: str | None, trailing: Iterable[tuple[str, str | bytes]]) -> Verdict:
    """Judge a failure over gRPC.

    RESOURCE_EXHAUSTED is for good unless the endpoint says when to come back, or means the size of the request, which
    gRPC itself says in these words on either side.
    """
    said = " ".join(filter(None, (code, details)))[:_SHORT]
    after = _retry_info(trailing)
    if code == _EXHAUSTED and details and "larger than max" in details:
        return TooLarge(said)
    if code in _GRPC_AGAIN or (code == _EXHAUSTED and after is not None):
        return Again(said, min(after or 0.0, LONGEST_SECONDS))
    return Refused(said)


def taken(body: bytes) -> Taken:
    """Read the answer to a request that was taken: field 1 of it says what was rejected (`ExportPartialSuccess`)."""
    with suppress(ValueError, TypeError, AttributeError):  # not ours to doubt: the status said that it was taken
        partial = dict(reading.fields(dict(reading.fields(body)).get(1, b"")))
        return Taken(max(int(partial.get(1, 0)), 0), str(partial.get(2, b""), "utf-8", "replace")[:_SHORT])
    return Taken()


def cause(error: BaseException) -> str:
    """Give the innermost reason of an error, which libraries wrap several times over."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error)[:_SHORT] or type(error).__name__


def _told(body: bytes) -> str:
    """Give what an endpoint says besides: text, or a `Status` whose field 2 is the message."""
    with suppress(ValueError, TypeError):
        message = dict(reading.fields(body)).get(2)
        if isinstance(message, bytes):
            return str(message, "utf-8", "replace")[:_SHORT]
    text = str(body, "utf-8", "replace").strip()[:_SHORT]
    return text if text.isprintable() and not text.startswith("<") else ""


def _retry_after(headers: Mapping[str, str]) -> float:
    """Read the header of that name: seconds, or a date, which is compared to the endpoint's own clock if it is told."""
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return min(float(given), LONGEST_SECONDS)
    until, now = _date(given), _date(headers.get("date", "")) or datetime.now(UTC)
    if until is None:
        return _seconds(given)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_SECONDS)


def _seconds(given: str) -> float:
    """Read a fraction of seconds, which the standard does not allow and some endpoints send."""
    with suppress(ValueError):
        seconds = float(given)
        return min(seconds, LONGEST_SECONDS) if seconds > 0 else 0.0
    return 0.0


def _date(given: str) -> datetime | None:
    with suppress(ValueError, TypeError, OverflowError):
        date = parsedate_to_datetime(given)
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    return None


def _retry_info(trailing: Iterable[tuple[str, str | bytes]]) -> float | None:
    """Find the delay of a `RetryInfo`, in a `Status` or by itself, as some endpoints send it."""
    for name, value in trailing:
        if isinstance(value, bytes):
            with suppress(ValueError, TypeError, AttributeError):
                if name == "google.rpc.retryinfo-bin":
                    return _delay(value)
                if name == "grpc-status-details-bin":
                    return _delay_in_status(value)
    return None


def _delay_in_status(status: bytes) -> float | None:
    for number, detail in reading.fields(status):
        packed: dict[int, Any] = dict(reading.fields(detail)) if number == 3 else {}
        if packed.get(1, b"").endswith(b"/google.rpc.RetryInfo"):
            return _delay(packed.get(2, b""))
    return None


def _delay(info: bytes) -> float:
    duration = dict(reading.fields(dict(reading.fields(info)).get(1, b"")))
    return float(duration.get(1, 0)) + float(duration.get(2, 0)) / 1e9
