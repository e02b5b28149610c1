"""The log output of one runtime: the channel that loggers of both kinds lead to."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, final

from telemetry.config import Settings
from telemetry.contracts import Registry
from telemetry.logs import (
    LineWriter,
    LogChannel,
    RunFields,
    Tally,
    attach_stdlib,
    detach_stdlib,
    stdlib_handler,
    use_channel,
)
from telemetry.signals import LogSink


@final
class LogOutput:
    """Opens and closes the way of log lines.

    Where the application has set up `logging`, its records only go to the sinks besides, since it writes them already.
    Where it has not, ours stands in for the handler of last resort: a later `logging.basicConfig` works as ever.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        sinks: Sequence[LogSink],
        tally: Tally,
        *,
        run_id: str,
        quiet: bool,
        redact: Callable[..., Any],
    ) -> None:
        make = _json_chain if _is_json(settings) else _console_chain
        chain = partial(make, settings, run_id, registry=registry, sinks=sinks, tally=tally, redact=redact)
        writer = None if quiet else LineWriter(tally=tally)
        self.channel = LogChannel(chain, writer, level=settings.log_level, tally=tally)
        self._records_only = LogChannel(chain, None, level=settings.log_level, tally=tally) if sinks else None
        self._handler: logging.Handler | None = None
        self._last_resort: logging.Handler | None = None
        self._before: LogChannel | None = None

    def open(self) -> None:
        """Take the lines of all loggers."""
        self._before = use_channel(self.channel)
        if not logging.getLogger().handlers:
            self._last_resort = logging.lastResort
            logging.lastResort = stdlib_handler(self.channel)
        elif self._records_only is not None:
            self._handler = attach_stdlib(self._records_only)

    def close(self) -> None:
        """Give the lines back to whoever had them; a second call does nothing."""
        if self._before is not self.channel:
            use_channel(self._before)
            self._before = self.channel
        if self._last_resort is not None:
            logging.lastResort, self._last_resort = self._last_resort, None
        if self._handler is not None:
            detach_stdlib(self._handler)
            self._handler = None


# Either is loaded with the first line, as structlog is.
def _json_chain(settings: Settings, run_id: str, **rest: Any) -> list[Any]:
    from telemetry.logs import json_chain

    return json_chain(_run(settings, run_id), **rest)


def _console_chain(settings: Settings, run_id: str, **rest: Any) -> list[Any]:
    from telemetry.logs import console_chain

    return console_chain(_run(settings, run_id), **rest)


def _run(settings: Settings, run_id: str) -> RunFields:
    return RunFields(
        run_id=run_id,
        organization_slug=settings.organization_slug,
        component=settings.component,
        env=settings.environment,
    )


def _is_json(settings: Settings) -> bool:
    if settings.log_format != "auto":
        return settings.log_format == "json"
    return not (sys.stderr is not None and sys.stderr.isatty())
