"""Judges a run whose process ended before its gate: by what the journals of the run hold.

It has spans and metrics, and no log lines. What was shipped meanwhile is not there any more, so where an endpoint is
set only the end itself is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import final

from telemetry.config import Settings, default_journal
from telemetry.contracts import Registry, load_registry
from telemetry.errors import JournalError
from telemetry.journal import LOCK_NAME, Folder, Reader, Stage, readers, recover
from telemetry.metrics import MergedMetrics, Part, parts_of
from telemetry.signals import Finding, SpanRecord

from .check import Expected, Recorded, check, examine
from .crew import spans_of
from .foreign import foreign
from .gate import Report

_RULE = "pipeline-vanished"
_REMEDY = "leave by return or an exception: no os._exit, no signal to itself"


@final
class Aftermath:
    """What the journals say of a run; make it before the process of the run begins."""

    __slots__ = ("_earlier", "_settings")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        folder = self._folder()
        self._earlier = frozenset(folder.names() if folder else ())

    def report(self, target: str, how: str, process: int) -> Report:
        """Report a pipeline that took the process of its gate with it.

        Args:
            target: What was probed, for the place of the finding; with the line of a function that was in a span.
            how: How the process ended, as a clause.
            process: Its number.

        Raises:
            ContractError: The registry is wrong.
        """
        registry = load_registry(*self._settings.registry)
        recorded, stages = self._left(process, registry)
        place = next((f"{target} ({each.file}:{each.line})" for each in stages if each.file), target)
        inside = f" inside {' > '.join(stages[0].path)}" if stages else ""
        ended = Finding("error", _RULE, place, f"no verdict: {how}{inside}", _REMEDY)
        live = examine(recorded, registry)
        found = check(recorded, registry, Expected(one_trace=True), live) if recorded.spans else []
        apart = foreign(recorded.spans, recorded.families, registry)
        return Report((), None, recorded, [ended, *found], live, apart)

    def _left(self, process: int, registry: Registry) -> tuple[Recorded, list[Stage]]:
        """Read what the processes of the run left, and where those died that were inside of a span."""
        spans: list[SpanRecord] = []
        parts: list[Part] = []
        stages: list[Stage] = []
        for reader in self._journals(process):
            recovery = recover(reader)
            spans += spans_of((*recovery.finished, *recovery.closed))
            parts += parts_of(reader.snapshots())
            stages += recovery.stages
        families = MergedMetrics(registry, lambda: [(part, False) for part in parts]).families() if parts else ()
        return Recorded(spans, families, ()), stages

    def _journals(self, process: int) -> Iterator[Reader]:
        folder = None if self._settings.endpoint else self._folder()
        if folder is None:
            return
        run_ids = set()
        for reader in readers(folder, only_read=True):
            with reader:
                name = reader.path.name if reader.path else ""
                # An older process may have had the same number.
                if reader.identity.pid == process and name not in self._earlier:
                    run_ids.add(reader.terms.get("run_id"))
        for reader in readers(folder, only_read=True) if run_ids else ():
            with reader:
                if reader.terms.get("run_id") in run_ids:
                    yield reader

    def _folder(self) -> Folder | None:
        if self._settings.journal is False:
            return None
        path = Path(self._settings.journal or default_journal(self._settings.service_name))
        try:
            return Folder.open(path) if (path / LOCK_NAME).exists() else None
        except (JournalError, OSError, ValueError):
            return None
