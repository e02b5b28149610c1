"""What is left of the dead, read as a user reads it: `telemetry journal recover` and `telemetry journal ledger`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

from tests.soak.execution import command


@final
@dataclass(frozen=True, slots=True)
class Found:
    """The spans that were found, by id.

    Attributes:
        finished: How often each span that had ended was found.
        parents: The parent of each of these; 0 for a root.
        named: Those that were open when their process died, with name and attributes.
    """

    finished: Counter[int] = field(default_factory=Counter)
    parents: dict[int, int] = field(default_factory=dict)
    named: dict[int, Mapping[str, Any]] = field(default_factory=dict)


def recover(folder: Path) -> Found:
    """Recover all that is in a journal's folder, by way of OTLP JSON lines."""
    found = Found()
    with TemporaryDirectory() as elsewhere:  # the folder's own disk may be full
        output = Path(elsewhere) / "recovered.jsonl"
        done = command("journal", "recover", folder, "--json", "--output", output)
        assert done.returncode in (0, 1) and "Traceback" not in done.stderr, f"recover failed:\n{done.stderr}"
        for span in _spans(output):
            _take(found, span)
    return found


def ledgers(folder: Path) -> list[dict[str, Any]]:
    """Give the ledger of each process that has a journal in a folder."""
    return audit(folder)[0]


def audit(folder: Path) -> tuple[list[dict[str, Any]], int]:
    """Give the ledgers, and how many journals cannot be read, which is said of each."""
    done = command("journal", "ledger", folder, "--json")
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, f"ledger failed:\n{done.stderr}"
    said = json.loads(done.stdout)
    return said["processes"], len(said["unreadable"])


def _take(found: Found, span: Mapping[str, Any]) -> None:
    span_id = int(span.get("spanId") or "0", 16)
    attributes = {pair.get("key"): _value(pair) for pair in span.get("attributes", ())}
    if attributes.get("telemetry.recovered"):
        found.named[span_id] = {"name": span.get("name", ""), **attributes}
        return
    found.finished[span_id] += 1
    found.parents[span_id] = int(span.get("parentSpanId") or "0", 16)


def _value(pair: Mapping[str, Any]) -> Any:
    """Give the value of an attribute; none where it was damaged, since open spans have no checksum."""
    return next(iter(pair.get("value", {}).values()), None)


def _spans(lines: Path) -> Iterator[Mapping[str, Any]]:
    with lines.open() as file:
        for line in file:
            for resource in json.loads(line).get("resourceSpans", ()):
                for scope in resource["scopeSpans"]:
                    yield from scope["spans"]
