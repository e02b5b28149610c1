"""Show what was recovered: to people as a tree, to programs as JSON, to a Collector as OTLP JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, BinaryIO, Final, Literal, Self, final

import typer

from telemetry._hotpath import Chunk, decoded, extent, protobuf, reading
from telemetry.journal import Reader, Recovery, Stage
from telemetry.signals import SpanRecord

from .amounts import counted

_WIDTH: Final = 160
_SIGNALS: Final[dict[int, Literal["traces", "logs"]]] = {extent.SPAN: "traces", extent.LOG: "logs"}


@final
class Lines:
    """A file of recovered records that the OpenTelemetry Collector's file receiver reads; without a path, none.

    Raises:
        OSError: The file cannot be written.
    """

    __slots__ = ("_file",)

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO | None = None if path is None else path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, reader: Reader, recovery: Recovery) -> int:
        """Write all records of a recovery; give how many of them were no records of OTLP."""
        if self._file is None:
            return 0
        damaged = 0
        for chunk in (*recovery.finished, *recovery.closed):
            line = _line(reader, chunk)
            lines = [line] if line else [_line(reader, each) for each in _singly(chunk)]
            damaged += lines.count(b"")
            self._file.writelines(lines)
        return damaged


def _line(reader: Reader, chunk: Chunk) -> bytes:
    """Write a chunk as one request; nothing where it cannot be read."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    from telemetry.export.replay import Request, json_lines

    scope = protobuf.message(0x12, reader.scope(chunk.scope) + chunk.payload)
    body = protobuf.message(0x0A, protobuf.message(0x0A, reader.resource) + scope)
    try:
        return b"".join(json_lines([Request(_SIGNALS[chunk.kind], body, len(chunk.flags))]))
    except (DecodeError, ValueError):
        return b""


def _singly(chunk: Chunk) -> Iterator[Chunk]:
    """Give the records of a chunk one by one; they lie whole in it, whatever is in them."""
    contents = (content for _, content in reading.fields(chunk.payload))
    for flags, content in zip(chunk.flags, contents, strict=False):
        yield Chunk(chunk.kind, chunk.scope, bytes((flags,)), protobuf.spans_field(content))


def described(recovery: Recovery) -> dict[str, Any]:
    """Give what was recovered of a process, for JSON."""
    return {
        "last_ns": recovery.last_ns,
        "finished": sum(len(chunk.flags) for chunk in recovery.finished),
        "closed": sum(len(chunk.flags) for chunk in recovery.closed),
        "torn": recovery.torn,
        "corrupt": recovery.corrupt,
        "stages": [_stage(each) for each in recovery.stages],
    }


def _stage(stage: Stage) -> dict[str, Any]:
    record = stage.record
    return {
        "name": record.name,
        "path": list(stage.path),
        "function": stage.function,
        "file": stage.file,
        "line": stage.line,
        "trace_id": f"{record.trace_id:032x}",
        "span_id": f"{record.span_id:016x}",
        "started_ns": record.start_ns,
        "attributes": dict(record.attributes),
    }


def show(recovery: Recovery, who: str) -> None:
    """Write for people what was recovered of a process, where it died, and the traces that were under way."""
    from telemetry.export.console import printable

    counts = described(recovery)
    what = f"{counted(counts['finished'], 'finished record')}, {counted(counts['closed'], 'open span')}"
    damage = "".join(f", {counts[name]} {name}" for name in ("torn", "corrupt") if counts[name])
    typer.echo(printable(f"{who}: {what}{damage}"))
    for stage in recovery.stages:
        place = f"  {stage.function} in {stage.file}:{stage.line}" if stage.function else ""
        typer.echo(printable(f"  at {' > '.join(stage.path)}{place}"))
    if recovery.stages:
        typer.echo(_tree(recovery))


def _tree(recovery: Recovery) -> str:
    """Draw the traces that were under way."""
    from telemetry.export import render_tree

    traces = {stage.record.trace_id for stage in recovery.stages}
    records = [record for chunk in (*recovery.finished, *recovery.closed) for record in _spans(chunk)]
    width = min(get_terminal_size((_WIDTH, 0)).columns, _WIDTH)
    return render_tree([each for each in records if each.trace_id in traces], width=width, color=sys.stdout.isatty())


def _spans(chunk: Chunk) -> list[SpanRecord]:
    if chunk.kind != extent.SPAN:
        return []
    try:
        return decoded([(None, len(chunk.flags), chunk.payload)], chunk.flags)
    except (ValueError, IndexError, TypeError):
        return []
