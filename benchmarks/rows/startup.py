"""What an import adds to the start of a process: each call is one fresh interpreter, from exec to exit.

The bare interpreter is a case of its own; what counts is the difference to it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from benchmarks import peers
from benchmarks.harness import Call, Case

PROGRAMS = {
    "bare": "pass",
    "telemetry": "import telemetry",
    "opentelemetry": "import opentelemetry.trace",
    "prometheus": "import prometheus_client",
    "structlog": "import structlog",
    "ddtrace": "import ddtrace.trace",
    "logfire": "import logfire",
    "telemetry, one span": """
import telemetry
with telemetry.configure("benchmarks"):
    with telemetry.span("spec.parse"): pass
""",
    "opentelemetry, one span": """
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
class Null(SpanExporter):
    def export(self, spans): return SpanExportResult.SUCCESS
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Null()))
with provider.get_tracer("benchmarks").start_as_current_span("spec.parse"): pass
provider.shutdown()
""",
}


def start(program: str) -> None:
    """Run a program in a fresh isolated interpreter and wait for its end.

    Raises:
        CalledProcessError: The program failed.
    """
    subprocess.run([sys.executable, "-I", "-c", program], check=True, stdin=subprocess.DEVNULL)


def _program(program: str, _stack: ExitStack) -> Call:
    return partial(start, program)


def missing(name: str) -> Callable[[], str]:
    """Say whether the library of a program has to be installed first; the others come with the project."""
    return peers.lacks(name if name in {"ddtrace", "logfire"} else "sys")


CASES = tuple(
    Case(f"startup/{name}", partial(_program, program), number=1, missing=missing(name))
    for name, program in PROGRAMS.items()
)
