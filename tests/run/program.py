"""Runs a program under `telemetry run` as a user does, and reads what arrives at an endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector import Collector

TELEMETRY = (sys.executable, "-c", "from telemetry.cli import main; main()")
EXAMPLES = Path(__file__).parents[2] / "examples"

_OURS = ("TELEMETRY_", "OTEL_", "TRACEPARENT", "TRACESTATE", "BAGGAGE", "PYTHONPATH")


def environment(folder: Path, collector: Collector | None = None, **more: str) -> dict[str, str]:
    """Give the environment of a program: nothing of the tests' own, a journal in the folder, and the endpoint."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    endpoint = {"TELEMETRY_EXPORTER_ENDPOINT": collector.url} if collector else {}
    pure = {name: os.environ[name] for name in ("TELEMETRY_PURE",) if name in os.environ}
    path = os.pathsep.join((str(Path(sys.executable).parent), clean.get("PATH", "")))
    given = {"TELEMETRY_JOURNAL": str(folder / "journal"), "TELEMETRY_SHUTDOWN_TIMEOUT_SECONDS": "20", "PATH": path}
    return {**clean, **pure, **given, **endpoint, **more}


def run(
    folder: Path,
    *command: str,
    config: str | Path = "",
    collector: Collector | None = None,
    options: Sequence[str] = (),
    given: str = "",
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder under `telemetry run`; `config` is a file, or the text of one."""
    if isinstance(config, str) and config:
        (folder / "telemetry.toml").write_text(config)
        config = folder / "telemetry.toml"
    chosen = ["--config", str(config)] if config else []
    return subprocess.run(
        [*TELEMETRY, "run", *chosen, *options, "--", *command],
        cwd=folder,
        env=environment(folder, collector, **more),
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def spans(collector: Collector) -> list[Span]:
    """Give the spans that have arrived, in the order of their starts."""
    return sorted(
        (
            span
            for arrival in collector.arrivals
            if arrival.signal == "traces"
            for batch in arrival.message.resource_spans
            for scope in batch.scope_spans
            for span in scope.spans
        ),
        key=lambda span: span.start_time_unix_nano,
    )


def tree(found: Sequence[Span]) -> list[tuple[str, str]]:
    """Give each span's name with its parent's; `?` for a parent that has not arrived."""
    names = {span.span_id: span.name for span in found}
    return [(span.name, names.get(span.parent_span_id, "?") if span.parent_span_id else "") for span in found]


def attributes(span: Span) -> dict[str, Any]:
    """Give the attributes of a span as a dict."""
    return {pair.key: _value(pair) for pair in span.attributes}


def _value(pair: KeyValue) -> Any:
    return getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
