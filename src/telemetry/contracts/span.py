"""What is agreed about one kind of span: its name and the attributes that it must and may have."""

from __future__ import annotations

import re
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
from .form import DISPLAY, DOTTED_NAME

_PLACE: Final = re.compile(r"\{([^{}]+)\}")
_SHOWN_CHARACTERS: Final = 100
_KINDS: Final[tuple[SpanKind, ...]] = get_args(SpanKind)


@final
@dataclass(frozen=True, slots=True)
class SpanContract:
    """What is agreed about the spans of one name.

    Attributes:
        attributes: Those of this span only; the registry's common attributes are allowed besides.
        display: The name that such spans leave the process under, with attributes in braces; empty for `name` itself.
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
    display: str = ""
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

    def display_name(self, attributes: Mapping[str, object]) -> str:
        """Give the name that a span with these attributes is shown under: what it lacks is left out.

        >>> SpanContract("http.server", "Serve.", display="{http.request.method} {http.route}").display_name(
        ...     {"http.request.method": "GET"}
        ... )
        'GET'
        """
        if not self.display:
            return self.name
        filled = _PLACE.sub(lambda found: _short(attributes.get(found[1])), self.display)
        return " ".join(filled.split()) or self.name

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
            display=entry.text("display", default="", form=DISPLAY),
            source=source,
        )


def _short(value: object) -> str:
    return "" if value is None else str(value)[:_SHOWN_CHARACTERS]
