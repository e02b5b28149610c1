"""The standard library's handler that turns a record into a line and sends it through a channel."""

from __future__ import annotations

import logging
from typing import final

from .channel import EventDict, LogChannel
from .logger import current_channel
from .processors import format_timestamp
from .severity import severity_at

_STANDARD = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"))
_TAKEN = frozenset(("event", "exc_info", "logger", "stack", "stack_info", "timestamp"))


@final
class ChannelHandler(logging.Handler):
    """Send records through a channel, with their message as the event and their `extra` as fields.

    A record that is made while a line is on its way in the same thread is left out, so what a stream, a sink or an
    exporter logs never comes back to it.
    """

    def __init__(self, channel: LogChannel | None = None) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record. Never raises."""
        channel = self._channel or current_channel()
        channel.emit(severity_at(record.levelno), _line(record))


def _line(record: logging.LogRecord) -> EventDict:
    line: EventDict = {
        "event": _message(record),
        "logger": record.name,
        "timestamp": format_timestamp(int(record.created * 1_000_000) * 1_000),
    }
    for name, value in vars(record).items():
        if name not in _STANDARD:
            line[f"extra.{name}" if name in _TAKEN else str(name)] = value
    if record.exc_info:
        line["exc_info"] = record.exc_info
    elif record.exc_text:
        line["exception.stacktrace"] = record.exc_text
    if record.stack_info:
        line["stack"] = record.stack_info
    return line


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit the message, or whose __str__ fails
        return f"{record.msg} {record.args!r}"
