"""A JSON log line with three fields, inside a span whose ids it carries, written to the null device."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, MutableMapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import Any

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject

FIELDS = {"backend": "c-gcc", "operator": "matmul", "toolchain": "gcc"}


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    device = peers.null_device(stack)
    stack.enter_context(redirect_stdout(device))
    stack.enter_context(redirect_stderr(device))
    ours.recording(stack)
    log = telemetry.get_logger("benchmarks")
    stack.enter_context(telemetry.span("compile.execute"))
    return lambda: log.info("compile.end", **FIELDS)


def _structlog(stack: ExitStack) -> Call:
    info = _structlog_info(stack)
    return lambda: info("compile.end", **FIELDS)


def _structlog_in_span(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    info = _structlog_info(stack, _add_span)
    stack.enter_context(tracing.tracer.start_as_current_span("compile.execute"))
    return Subject(lambda: info("compile.end", **FIELDS), tracing.settle)


def _structlog_info(stack: ExitStack, *more: Callable[..., MutableMapping[str, Any]]) -> Callable[..., Any]:
    import structlog

    processors: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *more,
        structlog.processors.JSONRenderer(),
    ]
    logger = structlog.wrap_logger(
        structlog.WriteLogger(peers.null_device(stack)),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    info: Callable[..., Any] = logger.bind().info
    return info


def _add_span(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    event["trace_id"] = f"{context.trace_id:032x}"
    event["span_id"] = f"{context.span_id:016x}"
    return event


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {name: record.__dict__[name] for name in FIELDS}
        line = {"timestamp": self.formatTime(record), "level": record.levelname, "event": record.getMessage(), **fields}
        return json.dumps(line)


def _logging(stack: ExitStack) -> Call:
    handler = logging.StreamHandler(peers.null_device(stack))
    handler.setFormatter(_JsonFormatter())
    logger = logging.getLogger("benchmarks.plain")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    stack.callback(logger.removeHandler, handler)
    return lambda: logger.info("compile.end", extra=FIELDS)


CASES = (
    Case("log/telemetry", _telemetry),
    Case("log/structlog", _structlog),
    Case("log/structlog and opentelemetry", _structlog_in_span),
    Case("log/logging", _logging),
)
