"""An exception that passes through a decorated function and is caught by its caller."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject


def fail() -> None:
    """Raise, one frame below whoever catches.

    Raises:
        ValueError: Always.
    """
    raise ValueError("clause 7 has no operator")


def catch(stage: Call) -> Call:
    """Make a call that survives the stage's failure."""

    def run() -> None:
        try:
            stage()
        except ValueError:
            return
        raise AssertionError("the exception was swallowed by the instrumentation")

    return run


def _bare(_stack: ExitStack) -> Call:
    return catch(fail)


def _telemetry(stack: ExitStack) -> Call:
    import telemetry

    ours.recording(stack)
    return catch(telemetry.instrument_span("codegen.lower")(fail))


def _opentelemetry(stack: ExitStack) -> Subject:
    tracing = peers.opentelemetry_tracing(stack)
    return Subject(catch(tracing.tracer.start_as_current_span("codegen.lower")(fail)), tracing.settle)


def _datadog(_stack: ExitStack) -> Call:
    tracer, _ = peers.datadog_tracer()
    return catch(tracer.wrap("codegen.lower")(fail))


CASES = (
    Case("exception/bare", _bare),
    Case("exception/telemetry", _telemetry),
    Case("exception/opentelemetry", _opentelemetry),
    Case("exception/ddtrace", _datadog, missing=peers.lacks("ddtrace")),
)
