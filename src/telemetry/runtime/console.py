"""The console tree: each finished trace as an indented tree on stderr, for people."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import final

from telemetry.export import render_tree
from telemetry.signals import SpanBatch, SpanRecord

_TRACES_LIMIT = 256


@final
class ConsoleTree:
    """A span sink that prints a trace when its local root has ended."""

    def __init__(self) -> None:
        self._open: dict[int, list[SpanRecord]] = {}

    def spans(self, batch: SpanBatch, /) -> None:
        """Keep the spans of open traces; print those whose root is among these."""
        for record in batch.records:
            self._open.setdefault(record.trace_id, []).append(record)
            if record.parent_span_id is None or record.parent_is_remote or len(self._open) > _TRACES_LIMIT:
                self._print(self._open.pop(record.trace_id))

    @staticmethod
    def _print(records: list[SpanRecord]) -> None:
        with suppress(OSError, ValueError, AttributeError):  # stderr may be closed, or None
            sys.stderr.write(render_tree(records) + "\n")
            sys.stderr.flush()
