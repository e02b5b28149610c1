"""The metrics of a process as they stood at its last sign of life, made of the pages in its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from telemetry.contracts import Registry
from telemetry.metrics import MergedMetrics, parts_of
from telemetry.signals import Family


@final
@dataclass(frozen=True, slots=True)
class Recorded:
    """The families of one process, as data; a source for an encoder.

    Attributes:
        held: The families, each with the time of the last sign of life and the start of every series.
    """

    held: Sequence[Family]

    def families(self) -> Sequence[Family]:
        """Give the families, the same ones each time."""
        return self.held


def recorded(pages: Sequence[bytes], registry: Registry, seen_ns: int) -> tuple[Recorded, dict[str, str]]:
    """Read pages by the contracts of their time; give the metrics that fit none too, each with the reason.

    A value was current until the process gave its last sign of life, and no moment longer: that is the time of all
    points, however often and whenever they are sent.
    """
    parts = [(part, True) for part in parts_of(pages)]
    source = MergedMetrics(registry, lambda: parts)
    families = [replace(family, time_ns=seen_ns) for family in source.families()]
    return Recorded(families), dict(source.refused)
