"""What a replay needs of a bundle, and the metrics that it makes of it.

The bundle itself is opened, and checked, by `telemetry.journal.bundle`; whoever calls has done that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, final

from telemetry.contracts import Registry
from telemetry.signals import Family

from .families import recorded


class ProcessContents(Protocol):
    """The content of one process in a bundle."""

    @property
    def resource(self) -> bytes:
        """Who recorded, as the content of OTLP's `Resource`."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The same, by name."""

    @property
    def scope(self) -> bytes:
        """Our own scope, as the content of `ScopeSpans` without its spans."""

    @property
    def pages(self) -> Sequence[bytes]:
        """The metric pages."""

    @property
    def seen_ns(self) -> int:
        """The last sign of life, since the epoch."""

    def batches(self, member: str) -> Iterator[tuple[bytes, int]]:
        """Give each batch of an OTLP member, and the number of records in it."""


class BundleContents(Protocol):
    """An open bundle."""

    @property
    def sha256(self) -> str:
        """What names it."""

    @property
    def registry(self) -> Registry:
        """The contracts that were in force."""

    def processes(self) -> Iterator[ProcessContents]:
        """Give the processes, in the same order each time."""


@final
class ProcessRecords:
    """One process: its records, and its metrics as families.

    Attributes:
        families: Its metrics, each point with the time of the last sign of life.
        refused: The metrics that fit no contract of the bundle, each with the reason.
    """

    __slots__ = ("_contents", "families", "refused")

    def __init__(self, contents: ProcessContents, registry: Registry) -> None:
        self._contents = contents
        source, self.refused = recorded(contents.pages, registry, contents.seen_ns)
        self.families: Sequence[Family] = source.held

    @property
    def resource(self) -> bytes:
        """Who recorded, as the content of OTLP's `Resource`."""
        return self._contents.resource

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The same, by name."""
        return self._contents.attributes

    @property
    def scope(self) -> bytes:
        """Our own scope, as the content of `InstrumentationScope`, within a field."""
        return self._contents.scope

    def batches(self, member: str) -> Iterator[tuple[bytes, int]]:
        """Give each batch of an OTLP member, and the number of records in it."""
        return self._contents.batches(member)


def left_out(bundle: BundleContents) -> Mapping[str, str]:
    """Give the metrics of a bundle that fit none of its contracts, so that no replay has them, each with the reason."""
    return {name: reason for process in processes(bundle) for name, reason in process.refused.items()}


def processes(bundle: BundleContents) -> Iterator[ProcessRecords]:
    """Give the processes of a bundle with their metrics."""
    registry = bundle.registry
    for contents in bundle.processes():
        yield ProcessRecords(contents, registry)
