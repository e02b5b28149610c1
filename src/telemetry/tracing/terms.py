"""The terms of a runtime for spans: limits, sampler, ids, processors, and where records go.

A tracer of OpenTelemetry's API asks them at each span, and so does the watch over decorated functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

from telemetry._hotpath import undecided
from telemetry.config import SpanLimits
from telemetry.contracts import Registry
from telemetry.signals import Resource, SpanRecord

from .idgenerator import Ids, OwnIds, PluggedIds
from .keeping import Keeping
from .processors import Processors
from .redaction import Redaction
from .sampler import Decide

Count = Callable[[str, str], None]


@final
@dataclass(slots=True)
class Terms:
    """What the spans of one runtime have in common.

    Any thread may change `decide`, `sampler`, `rules` and `keeping` while others record: read each of them once.

    Attributes:
        redact: Called with an attribute's name and value; gives the value without secrets.
        count: Called with a reason and a detail for what was refused or went wrong.
        take: Takes the record of a span that came through OpenTelemetry's API, once, at its end; and its trace, where
            nobody knows yet whether that is kept.
        decide: The verdict on the id of a new trace, None for all; counts where there is no `sampler`.
        sampler: An object with the interface of OpenTelemetry's `Sampler`; None where there is none.
        rules: Asked first about each trace that begins here, a `Rules`; None where there are none.
        keeping: What is kept of the traces that were refused; None where nothing is.
        ids: Where the ids of API spans come from, and, where it is plugged in, all ids.
    """

    registry: Registry
    limits: SpanLimits
    resource: Resource
    redact: Redaction
    count: Count
    take: Callable[[SpanRecord, undecided.Undecided | None], None]
    decide: Decide | None = None
    sampler: Any = None
    ids: Ids = field(default_factory=OwnIds)
    rules: Any = None
    keeping: Keeping | None = None
    processors: Processors = field(init=False)
    _readables: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.processors = Processors(self.count)

    @property
    def are_placed(self) -> bool:
        """Whether a sampler or an id generator of the user's is asked about each span."""
        return self.sampler is not None or isinstance(self.ids, PluggedIds)

    @property
    def are_watched(self) -> bool:
        """Whether anybody has to see each span."""
        is_asked = self.are_placed or self.rules is not None or self.keeping is not None
        return is_asked or bool(self.processors.row)

    @property
    def readables(self) -> Any:
        """What makes the SDK's own types of spans; the SDK is imported here, when a processor asks first."""
        if self._readables is None:
            from .readable import Readables

            self._readables = Readables(self.resource)
        return self._readables

    def belong_to(self, resource: Resource) -> None:
        """Take spans as those of another process: a forked child."""
        self.resource, self._readables = resource, None

    def admit(self, scope: str, name: str) -> bool:
        """Say whether a span that is in no contract may be recorded; count it where the registry asks for that."""
        policy = self.registry.foreign
        if policy == "allow":
            return True
        refused = policy == "refuse"
        self.count("foreign_span_refused" if refused else "foreign_span", f"{scope or 'a tracer without name'}: {name}")
        return not refused
