"""The way of a log line: through the processors of a chain, then out.

It renders nothing itself. Bound loggers and the standard library's handler send lines here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any, final

from telemetry.signals import Severity

from .severity import rank, severity_of
from .tally import Tally
from .writer import LineWriter

EventDict = MutableMapping[str, Any]
"""A log line in the making: `event` and the other fields."""

Processor = Callable[[Any, str, EventDict], Any]
"""What takes (logger, method name, line) and returns the line, or at the end of a chain its text."""


class _Thread(local):
    muted = False


_thread = _Thread()


@contextmanager
def muted() -> Iterator[None]:
    """Drop what this thread logs meanwhile.

    For exporters: what HTTP libraries log about sending log lines must not become log lines to send.
    """
    before, _thread.muted = _thread.muted, True
    try:
        yield
    finally:
        _thread.muted = before


@final
class LogChannel:
    """A chain and where its lines go.

    A processor that fails is counted and left out; the line goes on without it. What a processor logs itself is
    dropped, for it would never end.

    Args:
        processors: The chain; the last one returns text, or the line itself when there is nothing to write. Given as
            a function, it is made with the first line: structlog takes 150 ms to import.
        writer: Takes the text; without one, lines only reach the sinks in the chain.
        level: The least severity that passes.
        tally: Counts what fails.

    Raises:
        ConfigurationError: There is no such level.

    >>> import sys
    >>> channel = LogChannel([lambda logger, method, line: f"{method}: {line['event']}"], LineWriter(sys.stdout))
    >>> channel.emit("info", {"event": "compile.start"})
    info: compile.start
    """

    __slots__ = ("_least_rank", "_make", "_processors", "_writer", "level", "tally")

    def __init__(
        self,
        processors: Sequence[Processor] | Callable[[], Sequence[Processor]],
        writer: LineWriter | None = None,
        *,
        level: Severity = "info",
        tally: Tally | None = None,
    ) -> None:
        self._make = processors if callable(processors) else lambda: processors
        self._processors: tuple[Processor, ...] | None = None
        self._writer = writer
        self._least_rank = rank(level)
        self.level = level
        self.tally = tally or Tally()

    def emit(self, method: str, line: EventDict, logger: object = None) -> None:
        """Take one line through the chain and write it. Never raises.

        Args:
            method: The name of the logging method, such as `info`; it decides the severity.
            line: The fields; the chain may change them.
            logger: What the processors get as the first argument; None for lines of the standard library.
        """
        if _thread.muted or rank(severity_of(method)) < self._least_rank:
            return
        _thread.muted = True
        try:
            self._send(self._process(logger, method, line))
        except BaseException as error:
            # A chain may drop a line by structlog's DropEvent, which is no Exception; naming it imports nothing.
            if not isinstance(error, Exception) and type(error).__name__ != "DropEvent":
                raise
        finally:
            _thread.muted = False

    def _process(self, logger: object, method: str, line: Any) -> Any:
        if self._processors is None:
            self._processors = tuple(self._make())
        for processor in self._processors:
            try:
                line = processor(logger, method, line)
            except Exception as error:  # noqa: BLE001 - processors are also the user's code
                self.tally.add("processor", f"{_name(processor)} failed and was left out: {error!r}")
        return line

    def _send(self, text: object) -> None:
        if self._writer is not None and isinstance(text, str):
            self._writer.write(text)


def _name(processor: Processor) -> str:
    return str(getattr(processor, "__qualname__", type(processor).__qualname__))
