"""The two ready-made chains: JSON lines for machines, and coloured columns for people.

Both do the same to a line until it becomes text. `LogChannel` runs them; structlog is imported when one is made.
"""

from __future__ import annotations

from collections.abc import Sequence

from telemetry.signals import LogSink

from .channel import Processor
from .console import ConsoleLine
from .contract import ContractCheck, EventRegistry
from .guest import import_structlog
from .jsonlines import render_json
from .processors import RunFields, add_exception, add_severity, add_timestamp, add_trace_ids, redact_fields
from .router import LogRouter
from .tally import Tally


def json_chain(
    run: RunFields,
    *,
    registry: EventRegistry | None = None,
    sinks: Sequence[LogSink] = (),
    tally: Tally | None = None,
    redact: Processor = redact_fields,
) -> list[Processor]:
    """Make the chain whose lines are JSON objects, one a line, as `run.schema.json` describes them.

    Args:
        run: What each line says of its run.
        registry: The contracts to check events against; without it nothing is checked.
        sinks: What gets each line as a record, too.
        tally: Counts breaches and failing sinks.
        redact: Takes out secrets, and makes plain data of all values.
    """
    return [*_shared(run, registry, sinks, tally or Tally(), redact), render_json]


def console_chain(
    run: RunFields | None = None,
    *,
    registry: EventRegistry | None = None,
    sinks: Sequence[LogSink] = (),
    tally: Tally | None = None,
    colors: bool = False,
    redact: Processor = redact_fields,
) -> list[Processor]:
    """Make the chain whose lines are for people; the arguments are those of `json_chain`.

    What is the same on all lines of a run is left out.

    Args:
        run: What each line says of its run.
        registry: The contracts to check events against; without it nothing is checked.
        sinks: What gets each line as a record, too.
        tally: Counts breaches and failing sinks.
        colors: Whether to colour; the caller knows the terminal, and `NO_COLOR`.
        redact: Takes out secrets, and makes plain data of all values.
    """
    import_structlog()
    from structlog.dev import ConsoleRenderer, plain_traceback

    renderer = ConsoleRenderer(colors=colors, sort_keys=False, exception_formatter=plain_traceback)
    return [*_shared(run, registry, sinks, tally or Tally(), redact), ConsoleLine(run), renderer]


def _shared(
    run: RunFields | None,
    registry: EventRegistry | None,
    sinks: Sequence[LogSink],
    tally: Tally,
    redact: Processor,
) -> list[Processor]:
    import_structlog()
    from structlog.contextvars import merge_contextvars
    from structlog.processors import StackInfoRenderer

    return [
        merge_contextvars,
        *([run] if run is not None else []),
        add_timestamp,
        add_severity,
        add_trace_ids,
        add_exception,
        StackInfoRenderer(additional_ignores=[__package__ or __name__]),
        redact,
        *([ContractCheck(registry, tally)] if registry is not None else []),
        *([LogRouter(sinks, tally)] if sinks else []),
    ]
