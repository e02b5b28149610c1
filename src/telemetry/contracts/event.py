"""What is agreed about one event of the logs: its name, its severity, and the fields of its lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final, get_args

from telemetry.signals import Severity

from .attribute import STABILITIES, AttributeContract, Stability, attribute_breaches, read_attributes
from .entry import Entry
from .form import DOTTED_NAME, WORD

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
"""From the least to the most severe."""

_FAILURE = SEVERITIES.index("error")


@final
@dataclass(frozen=True, slots=True)
class EventContract:
    """What is agreed about the log lines of one event.

    Attributes:
        severity: The least severe that a line may be; a failure may raise it.
        fields: Those of this event only; the registry's common fields are allowed besides.
        source: The file that declares it.

    >>> EventContract("verify.block", "An artefact was blocked.", "warning").breaches({}, "info")
    ["severity must be warning or worse; it is 'info'"]
    """

    name: str
    description: str
    severity: Severity = "info"
    fields: Mapping[str, AttributeContract] = field(default_factory=dict, hash=False)
    stability: Stability = "stable"
    source: str = field(default="", compare=False)

    def breaches(
        self,
        fields: Mapping[str, object],
        severity: Severity,
        common: Mapping[str, AttributeContract] | None = None,
    ) -> list[str]:
        """List what is wrong with a line of this event; an empty list when nothing is.

        Args:
            fields: What the line has.
            severity: How severe it is; from `error` on, it tells of a failure.
            common: What every line may have: `Registry.fields`.
        """
        rank = SEVERITIES.index(severity)
        wrong = attribute_breaches(fields, self.fields, common or {}, failed=rank >= _FAILURE)
        if rank < SEVERITIES.index(self.severity):
            wrong.insert(0, f"severity must be {self.severity} or worse; it is {severity!r}")
        return wrong


def read_event(entry: Entry, source: str) -> EventContract:
    """Read an event's declaration."""
    with entry:
        return EventContract(
            name=entry.text("name", form=DOTTED_NAME),
            description=entry.text("description"),
            severity=entry.choice("severity", SEVERITIES, default="info"),
            fields=read_attributes(entry.entries("fields"), source, WORD),
            stability=entry.choice("stability", STABILITIES, default="stable"),
            source=source,
        )
