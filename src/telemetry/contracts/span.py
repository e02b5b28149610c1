"""What is agreed about one kind of span: its name and the attributes that it must and may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final, get_args

from telemetry.signals import SpanKind

from .attribute import (
    STABILITIES,
    AttributeContract,
    Stability,
    allowing,
    attribute_breach,
    attribute_breaches,
    read_attributes,
)
from .entry import Entry
from .form import DOTTED_NAME

_KINDS: Final[tuple[SpanKind, ...]] = get_args(SpanKind)


@final
@dataclass(frozen=True, slots=True)
class SpanContract:
    """What is agreed about the spans of one name.

    Attributes:
        attributes: Those of this span only; the registry's common attributes are allowed besides.
        source: The file that declares it.

    >>> span = SpanContract("spec.parse", "Read a specification.")
    >>> span.breaches({"colour": "red"}, failed=False)
    ["'colour' is not allowed: declare it, or leave it out"]
    """

    name: str
    description: str
    kind: SpanKind = "internal"
    attributes: Mapping[str, AttributeContract] = field(default_factory=dict, hash=False)
    stability: Stability = "stable"
    source: str = field(default="", compare=False)

    def breaches(
        self,
        attributes: Mapping[str, object],
        failed: bool,
        common: Mapping[str, AttributeContract] | None = None,
    ) -> list[str]:
        """List what is wrong with a finished span of this name; an empty list when nothing is.

        Args:
            attributes: What the span has.
            failed: Whether it ended with the status ERROR.
            common: What every span may have: `Registry.attributes`.
        """
        return attribute_breaches(attributes, self.attributes, common or {}, failed=failed)

    def breach(self, name: str, value: object, common: Mapping[str, AttributeContract]) -> str | None:
        """Say what is wrong with one attribute; None when nothing is."""
        return attribute_breach(name, value, self.attributes, common)

    def allows(self, name: str, common: Mapping[str, AttributeContract]) -> bool:
        """Tell whether the span may have an attribute of this name."""
        return allowing(name, self.attributes, common) is not None


def read_span(entry: Entry, source: str) -> SpanContract:
    """Read a span's declaration."""
    with entry:
        return SpanContract(
            name=entry.text("name", form=DOTTED_NAME),
            description=entry.text("description"),
            kind=entry.choice("kind", _KINDS, default="internal"),
            attributes=read_attributes(entry.entries("attributes"), source),
            stability=entry.choice("stability", STABILITIES, default="stable"),
            source=source,
        )
