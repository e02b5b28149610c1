"""A log file of JSON lines that is read as its users read it: line by line, against the published schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from jsonschema import Draft202012Validator

import telemetry.logs
from telemetry.contracts import Registry
from telemetry.logs import LineWriter, LogChannel, RunFields, Tally, json_chain
from telemetry.signals import LogRecord, LogSink, Severity

SCHEMA = json.loads((Path(telemetry.logs.__file__).parent / "run.schema.json").read_text())
RUN = RunFields(run_id="run-1", organization_slug="acme", component="compiler", env="staging")

_VALIDATOR = Draft202012Validator(SCHEMA)


def parsed(text: str) -> list[dict[str, Any]]:
    """Read JSON lines, each checked against the schema."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        _VALIDATOR.validate(line)
    return lines


class LogFile:
    """A file that a channel writes, and what it counted."""

    def __init__(
        self, path: Path, *, registry: Registry | None = None, sinks: Sequence[LogSink] = (), level: Severity = "info"
    ) -> None:
        self.path = path
        self.told: list[str] = []
        self.tally = Tally(self.told.append)
        self._stream = path.open("a", encoding="utf-8")
        writer = LineWriter(self._stream, self.tally)
        chain = json_chain(RUN, registry=registry, sinks=sinks, tally=self.tally)
        self.channel = LogChannel(chain, writer, level=level, tally=self.tally)

    def lines(self) -> list[dict[str, Any]]:
        """Read all lines, each checked against the schema."""
        return parsed(self.path.read_text(encoding="utf-8"))

    def only(self) -> dict[str, Any]:
        """Read the one line that was written."""
        (line,) = self.lines()
        return line

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Memory:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []

    def log(self, record: LogRecord, /) -> None:
        """Keep a record."""
        self.records.append(record)


class Broken:
    """A sink that breaks its promise."""

    def log(self, record: LogRecord, /) -> None:
        """Raise."""
        raise RuntimeError(f"cannot take {record.event}")
