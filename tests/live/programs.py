"""Programs that record for real in processes of their own, and the command that looks at what they left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer import Typer
from typer.testing import CliRunner

from telemetry.cli.contracts.live import live

HEAD = """
import os, signal, sys, time, telemetry
from opentelemetry import metrics, trace
runtime = telemetry.configure(service_name="specc", environment="development")
"""

KILLED = """
log = telemetry.get_logger("work")
with telemetry.span("pipeline.run", kind="server", attributes={"cicd.pipeline.name": "p", "cicd.pipeline.run.id": "1"}):
    with telemetry.span("spec.parse"):
        log.info("spec.parsed", spec="a", operators=2)
    trace.get_tracer("httpx", "1.0").start_span("GET").end()
    metrics.get_meter("httpx", "1.0").create_counter("http.requests").add(3, {"method": "GET"})
    telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""Records what the contracts allow, and is killed with a span open."""

STRAYING = """
log = telemetry.get_logger("work")
with telemetry.span("spec.parse"):
    for number in range(7):
        log.info("spec.parst", spec=str(number))
    log.info("spec.parsed", spec="a", operators="two")
os.kill(os.getpid(), signal.SIGKILL)
"""
"""Logs an event that nobody declared seven times, and a field of a wrong type."""

SERVING = """
telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
telemetry.metric("pipeline_latency_seconds").labels(backend="c-gcc").observe(3)
metrics.get_meter("httpx", "1.0").create_counter("http.requests").add(3, {"method": "GET"})
print(runtime.settings.prometheus_port, flush=True)
sys.stdin.read()
"""
"""Serves its metrics until its standard input ends."""

RUNNING = """
with telemetry.span("spec.parse"):
    pass
with telemetry.span("compile.execute"):
    print("there", flush=True)
    sys.stdin.read()
"""
"""Has a span open until its standard input ends."""


@dataclass(frozen=True)
class Found:
    """What the command said."""

    status: int
    text: str
    said: str

    @property
    def report(self) -> dict[str, Any]:
        """The report, where it was asked for as JSON."""
        report: dict[str, Any] = json.loads(self.text)
        return report

    @property
    def codes(self) -> list[tuple[str, str, int]]:
        """The code, subject and count of each finding."""
        return [(each["code"], each["subject"], each["count"]) for each in self.report["findings"]]


def look(*arguments: object, data: bytes = b"") -> Found:
    """Run `telemetry contracts live` with these arguments."""
    app = Typer()
    app.command()(live)
    done = CliRunner().invoke(app, [str(each) for each in arguments], input=data)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Found(done.exit_code, done.stdout, done.stderr)


def record(program: str, folder: Path, **variables: str) -> None:
    """Run a program whose journal is in this folder."""
    environment = {**os.environ, "TELEMETRY_JOURNAL": str(folder), **variables}
    subprocess.run(
        [sys.executable, "-c", HEAD + program], env=environment, capture_output=True, timeout=60, check=False
    )


@contextmanager
def serving(port: int) -> Iterator[str]:
    """Run a program that serves its metrics; give the URL."""
    with _started(SERVING, str(port), PROMETHEUS_PORT=str(port), TELEMETRY_JOURNAL=""):
        yield f"http://127.0.0.1:{port}/metrics"


@contextmanager
def recording(program: str, folder: Path) -> Iterator[None]:
    """Run a program that says that it is there, and goes on meanwhile."""
    with _started(program, "there", TELEMETRY_JOURNAL=str(folder)):
        yield


@contextmanager
def _started(program: str, word: str, **variables: str) -> Iterator[None]:
    environment = {**os.environ, **variables}
    command = [sys.executable, "-c", HEAD + program]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline().strip() == word
        try:
            yield
        finally:
            process.stdin.close()
            process.wait(20)
