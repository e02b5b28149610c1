"""Keep the libraries beneath an export from talking, being traced, or drawing random numbers.

It changes nothing that the application configured: loggers keep their levels and handlers, and what they get from
other threads. `wire` holds one while it exports.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import final

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value

from telemetry.logs import muted

from .answer import cause

_EXPORTERS = "opentelemetry.exporter.otlp"
_TALKERS = ("grpc", "opentelemetry.exporter", "opentelemetry.sdk", "requests", "urllib3")


@final
class Silence(logging.Filter):
    """A log filter that swallows what the exporting thread says, and remembers the first complaint of an export."""

    def __init__(self) -> None:
        super().__init__()
        self._threads: set[int] = set()
        self._removed = False
        self.complaint = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let a record pass unless the exporting thread makes it."""
        if get_ident() not in self._threads:
            return True
        if record.levelno >= logging.WARNING and not self.complaint:
            self.complaint = _cause(record)
        return False

    @contextmanager
    def around_export(self) -> Iterator[None]:
        """Be silent in this thread, and tell instrumentation of HTTP clients to stay out (OpenTelemetry's own key).

        What other libraries log here, say an authentication plugin, reaches the application's handlers but not our
        log channel, which would export it, and so never end.
        """
        self.complaint = ""
        token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        self._threads.add(get_ident())
        try:
            with muted():
                yield
        finally:
            self._threads.discard(get_ident())
            detach(token)
            if self._removed:
                self.remove()

    def install(self) -> None:
        """Begin to listen on the loggers of the exporters and of what they call; all are imported by then."""
        for logger in _loggers():
            logger.addFilter(self)

    def remove(self) -> None:
        """Leave the loggers as they were, as soon as no export is under way."""
        self._removed = True
        if not self._threads:
            for logger in _loggers():
                logger.removeFilter(self)

    def forget(self) -> None:
        """Leave the loggers as they were, in a forked child: its threads may have the numbers of the parent's."""
        self._threads.clear()
        self.remove()


def leave_random_alone() -> None:
    """Give the exporters a random generator of their own.

    They draw a back-off with every request, needed or not, out of the generator that the application may have seeded;
    a build that is to be reproducible would then depend on how often it exported.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith(_EXPORTERS) and vars(module).get("random") is random:
            vars(module)["random"] = random.Random()  # noqa: S311 -- it only spreads retries


def _loggers() -> Iterator[logging.Logger]:
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.startswith(_TALKERS):
            yield logger


def _cause(record: logging.LogRecord) -> str:
    arguments = record.args if isinstance(record.args, tuple) else ()
    for argument in arguments:
        if isinstance(argument, BaseException):
            return cause(argument)
    return record.getMessage()
