"""Read one registry file into contracts, each with its place, and find what is wrong inside of it.

What needs the other files too (enumerations, redefinitions) is for `merge`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from telemetry.errors import RegistryError

from .attribute import AttributeContract, read_attribute
from .document import read_document
from .entry import Entry, Place
from .event import EventContract, read_event
from .form import LABEL_NAME, WORD
from .limits import read_limits
from .metric import MetricContract, read_metric
from .naming import LATER_RULES, RULES, review
from .registry import FOREIGN, Foreign
from .span import SpanContract, read_span

_Contract = TypeVar("_Contract")


@final
@dataclass(frozen=True, slots=True)
class Declared(Generic[_Contract]):
    """A contract, and the place of its declaration."""

    contract: _Contract
    place: Place


@final
@dataclass(frozen=True, slots=True)
class Declarations:
    """What one file declares.

    Attributes:
        extends: The packs that the file builds on; None when it does not say.
        owners: The teams that answer for metrics.
        foreign: What becomes of what is in no contract; None when the file does not say.
        deprecation_days: How long a metric may be deprecated; None when the file does not say.
        place: The root of the file.
    """

    name: str
    place: Place
    extends: tuple[str, ...] | None
    owners: tuple[str, ...]
    enumerations: Mapping[str, tuple[str, ...]]
    reserved: Mapping[str, tuple[str, ...]]
    cardinality: Mapping[str, int]
    foreign: Foreign | None
    deprecation_days: int | None
    metrics: tuple[Declared[MetricContract], ...]
    attributes: tuple[Declared[AttributeContract], ...]
    spans: tuple[Declared[SpanContract], ...]
    fields: tuple[Declared[AttributeContract], ...]
    events: tuple[Declared[EventContract], ...]


def read_declarations(path: str, findings: list[RegistryError]) -> Declarations:
    """Read a file; all that is wrong inside of it goes to `findings`.

    Raises:
        RegistryError: The file cannot be read, or is no JSON.
    """
    with read_document(path, findings) as entry:
        entry.text("$schema", default="")
        entry.text("description", default="")
        extends = entry.texts("extends")
        return Declarations(
            name=entry.text("name", default=os.path.splitext(os.path.basename(path))[0]),
            place=entry.place,
            extends=extends if entry.has("extends") else None,
            owners=entry.texts("owners"),
            enumerations=_enumerations(entry.entry("enumerations")),
            reserved=_enumerations(entry.entry("reserved")),
            cardinality=read_limits(entry.entry("cardinality")),
            foreign=_foreign(entry),
            deprecation_days=_deprecation_days(entry),
            metrics=_declared(entry, "metrics", _metric),
            attributes=_declared(entry, "attributes", read_attribute),
            spans=_declared(entry, "spans", read_span),
            fields=_declared(entry, "fields", _field),
            events=_declared(entry, "events", read_event),
        )


def _declared(entry: Entry, key: str, read: Callable[[Entry, str], _Contract]) -> tuple[Declared[_Contract], ...]:
    return tuple(Declared(read(item, item.place.path), item.place) for item in entry.entries(key))


def _enumerations(entry: Entry) -> Mapping[str, tuple[str, ...]]:
    with entry:
        return {label: entry.texts(label, least=1) for label in entry.keys(LABEL_NAME)}


def _foreign(entry: Entry) -> Foreign | None:
    policy = entry.choice("foreign", FOREIGN, default=FOREIGN[0])
    return policy if entry.has("foreign") else None


def _deprecation_days(entry: Entry) -> int | None:
    days = entry.count("deprecation_days", default=1)
    return days if entry.has("deprecation_days") else None


def _metric(entry: Entry, source: str) -> MetricContract:
    contract = read_metric(entry, source, (*RULES, *LATER_RULES))
    for key, problem, code in review(contract) if entry.is_sound else ():
        (entry.place / key).report(problem, code)
    return contract


def _field(entry: Entry, source: str) -> AttributeContract:
    return read_attribute(entry, source, WORD)
