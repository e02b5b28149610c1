"""The processors of a chain: each adds one thing to a log line, or takes one out.

They are plain callables with structlog's signature and import nothing of it, so they also serve in a chain that an
application configures itself. None of them raises, and none of them loses a field: where a line brings a field whose
name a processor needs, that field goes on as `extra.<name>`.
"""

from __future__ import annotations

import re
import sys
import time
import traceback
from functools import lru_cache
from typing import final

from telemetry.context import current_span, describe
from telemetry.contracts import without_credentials

from .channel import EventDict
from .redact import redact_text, redact_value
from .severity import severity_of

RUN_FIELDS = ("run_id", "organization_slug", "component", "env")
"""The fields that say which run a line belongs to; `severity`, which is each line's own, completes the run schema."""

TRACE_FIELDS = ("trace_id", "span_id", "trace_flags")
"""The ids of a line's span, as OpenTelemetry names them in log formats other than its own."""

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")
_TRACE_FLAGS = re.compile(r"[0-9a-f]{2}")
_FORMS = dict(zip(TRACE_FIELDS, (_TRACE_ID, _SPAN_ID, _TRACE_FLAGS), strict=True))
_STACK_HEAD = 3_000
_STACK_TAIL = 9_000
_TEXTS = ("logger", "exception.type", "exception.message", "exception.stacktrace")
_CLEAN = frozenset(("timestamp", "severity", *TRACE_FIELDS))


@final
class RunFields:
    """Give each line the fields of the run schema; a line, or a bound logger, may say otherwise for itself.

    >>> RunFields(run_id="r1", component="verifier")(None, "info", {"event": "verify.start"})["component"]
    'verifier'
    """

    __slots__ = ("values",)

    def __init__(
        self,
        *,
        run_id: str,
        organization_slug: str = "unknown",
        component: str = "unknown",
        env: str = "development",
    ) -> None:
        self.values = dict(zip(RUN_FIELDS, (run_id, organization_slug, component, env), strict=True))

    def __call__(self, _logger: object, _method: str, line: EventDict) -> EventDict:
        """Add the fields that the line does not have."""
        for name, value in self.values.items():
            own = line.setdefault(name, value)
            if not isinstance(own, str):
                claim(line, name, value)
        return line


def add_timestamp(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Say when, in UTC as ISO 8601 with nanoseconds; a line that has such a `timestamp` already keeps it."""
    given = line.get("timestamp")
    if not (isinstance(given, str) and _TIMESTAMP.fullmatch(given)):
        claim(line, "timestamp", format_timestamp(time.time_ns()))
    return line


def add_severity(_logger: object, method: str, line: EventDict) -> EventDict:
    """Say how severe, by the logging method; a field `severity` of another meaning goes on as `extra.severity`."""
    claim(line, "severity", severity_of(method))
    return line


def add_trace_ids(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Say in which span: `trace_id`, `span_id` and `trace_flags` in lower-case hex digits.

    The ids are there for spans that are not sampled too: the line is kept, and others of its trace are found by it.
    Outside of spans there are none, but for well-formed ids that the line brings itself.
    """
    span = current_span()
    if span is not None:
        for name, value in describe(span).items():
            claim(line, name, value)
        return line
    if any(name in line for name in TRACE_FIELDS) and not _has_ids(line):
        for name in TRACE_FIELDS:
            _move_aside(line, name)
    return line


def add_exception(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Turn `exc_info` into `exception.type`, `exception.message` and `exception.stacktrace`.

    The names are those of OpenTelemetry's conventions for exceptions in logs. A stack trace of more than 12000
    characters keeps its beginning and its end.
    """
    error = _exception(line.pop("exc_info", None))
    if error is not None:
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        claim(line, "exception.type", f"{module}{kind.__qualname__}")
        claim(line, "exception.message", _message(error))
        claim(line, "exception.stacktrace", _stacktrace(error))
    return line


def redact_fields(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Take secrets out of the event, all fields and their names, and make plain data of every value."""
    for name in tuple(line):
        if name not in _CLEAN:
            shown = redact_text(name)
            line[shown] = redact_value(name, line[name] if shown == name else line.pop(name))
    return settle_line(line)


def settle_line(line: EventDict) -> EventDict:
    """See that the fields which have to be text are; another value of such a name goes on as `extra.<name>`."""
    if not isinstance(line.get("event"), str):
        line["event"] = redact_text(str(line.get("event", "")))
    for name in _TEXTS:
        if not isinstance(line.get(name, ""), str):
            _move_aside(line, name)
    return line


def format_timestamp(time_ns: int) -> str:
    """Write nanoseconds since the epoch as ISO 8601 in UTC.

    >>> format_timestamp(1_700_000_000_000_000_001)
    '2023-11-14T22:13:20.000000001Z'
    """
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds:09d}Z"


def parse_timestamp(text: str) -> int:
    """Read what `format_timestamp` wrote.

    >>> parse_timestamp("2023-11-14T22:13:20.000000001Z")
    1700000000000000001
    """
    from calendar import timegm

    seconds = timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    return seconds * 1_000_000_000 + int(text[20:29])


# A burst of lines falls into one second: 0.1 µs instead of 1.5 for each.
@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def claim(line: EventDict, name: str, value: str) -> None:
    """Set a field; another value that the line brought under this name goes on as `extra.<name>`."""
    own = line.get(name, value)
    if not (isinstance(own, str) and own == value):
        _move_aside(line, name)
    line[name] = value


def _move_aside(line: EventDict, name: str) -> None:
    if name in line:
        line[f"extra.{name}"] = line.pop(name)


def _has_ids(line: EventDict) -> bool:
    return all(isinstance(line.get(name), str) and form.fullmatch(line[name]) for name, form in _FORMS.items())


def _exception(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) == 3:
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - __str__ is the user's code
        return "<unprintable>"


def _stacktrace(error: BaseException) -> str:
    try:
        # Before anything is cut out of it: what is left of a secret then would show no form.
        text = without_credentials("".join(traceback.format_exception(error)).rstrip("\n"))
    except Exception:  # noqa: BLE001 - it calls the user's code, as above
        return "<unprintable>"
    if len(text) > _STACK_HEAD + _STACK_TAIL:
        return f"{text[:_STACK_HEAD]}\n…\n{text[-_STACK_TAIL:]}"
    return text
