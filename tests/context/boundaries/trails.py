"""What arrived of jobs, or lies in journals: each with its label, and whether it is where it said that it has to be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans
from tests.collector import Collector

from telemetry._hotpath import extent
from telemetry.journal import Folder, readers

ROOT = Path(__file__).parents[3]
_PATIENT = {"TELEMETRY_SHUTDOWN_TIMEOUT_SECONDS": "30"}
"""On a busy machine the imports of an exporter take longer than a deadline; what is late is for another test."""


@dataclass(frozen=True, slots=True)
class Trail:
    """One job: its ids in hex, and the labels of itself and of the parent that it has to have."""

    label: str
    expected: str
    trace_id: str
    span_id: str
    parent_id: str
    process: str


def arrived(collector: Collector) -> dict[str, Trail]:
    """Give all jobs that arrived, by label."""
    messages = [each.message for each in collector.arrivals if each.taken and each.signal == "traces"]
    origins = [origin for message in messages for origin in message.resource_spans]
    return _by_label((origin.resource, scope) for origin in origins for scope in origin.scope_spans)


def left_in(folder: Path) -> dict[str, Trail]:
    """Give all jobs that lie in the journals of a folder, by label."""
    found = []
    for reader in readers(Folder.open(folder), only_read=True):
        resource = Resource.FromString(reader.resource)
        chunks = [chunk for batch in reader.rest() for chunk in batch.chunks if chunk.kind == extent.SPAN]
        found += [(resource, ScopeSpans.FromString(chunk.payload)) for chunk in chunks]
        reader.memory.close()
    return _by_label(found)


def _by_label(origins: Iterable[tuple[Any, Any]]) -> dict[str, Trail]:
    trails = [_trail(span, _texts(resource)) for resource, scope in origins for span in scope.spans]
    assert len({each.span_id for each in trails}) == len({each.label for each in trails}), "a label or an id twice"
    return {each.label: each for each in trails}


def _trail(span: Any, resource: Mapping[str, str]) -> Trail:
    texts = _texts(span)
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    identity = f"{resource['process.pid']} {resource['service.instance.id']}"
    return Trail(texts["job.label"], texts.get("job.parent", ""), *ids, identity)


def _texts(bearer: Any) -> dict[str, str]:
    values = {each.key: each.value for each in bearer.attributes}
    return {key: str(getattr(value, kind)) for key, value in values.items() if (kind := value.WhichOneof("value"))}


def misplaced(found: Mapping[str, Trail]) -> list[str]:
    """Say which jobs have another parent or trace than they have to, or a parent that nobody has."""
    lines = []
    for each in found.values():
        parent = found.get(each.expected)
        wanted = ("", "") if parent is None else (parent.trace_id, parent.span_id)
        has = (each.trace_id if each.parent_id else "", each.parent_id)
        if has != wanted:
            actual = [other.label for other in found.values() if other.span_id == each.parent_id]
            lines.append(
                f"{each.label}: below {actual or each.parent_id or 'nothing'}, not {each.expected or 'nothing'}"
            )
    return lines


def ran(program: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a module of this folder to its end, with no setting but those given and the place of journals."""
    kept = {"TELEMETRY_JOURNAL", "TELEMETRY_PURE"}
    names = ("OTEL_", "TELEMETRY_", "TRACE", "BAGGAGE")
    clean = {name: value for name, value in os.environ.items() if name in kept or not name.startswith(names)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", f"tests.context.boundaries.{program}", *arguments],
        env={**clean, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}", **_PATIENT, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
