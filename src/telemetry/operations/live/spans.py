"""Hold a finished span against its contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from telemetry.contracts import AttributeContract, Level, Registry, SpanContract
from telemetry.signals import SpanRecord

from .finding import Breach

RECOVERED: Final = "telemetry.recovered"
"""On spans that their process did not end: what they would have had at their end is not missing."""

LEVELS_OF_FOREIGN: Final[Mapping[str, Level]] = {"allow": "info", "count": "warning", "refuse": "error"}
"""How bad an undeclared attribute is under each policy of a registry."""


def span_breaches(span: SpanRecord, contract: SpanContract, registry: Registry) -> Iterator[Breach]:
    """Go through what is wrong with a span of this contract."""
    known = {name: value for name, value in span.attributes.items() if contract.allows(name, registry.attributes)}
    remedy = f"set it in the function that {contract.name} is around"
    for problem in _problems(span, known, contract, registry):
        yield Breach("TC602", named(problem), problem, remedy)
    for name in span.attributes.keys() - known.keys():
        yield Breach("TC603", name, f"{name!r} is not declared", level=LEVELS_OF_FOREIGN[registry.foreign])
    if 0 < span.end_ns < span.start_ns:
        yield Breach("TC604", "", "it ends before it starts")
    if span.kind != contract.kind:
        yield Breach("TC605", "", f"its kind is {span.kind}, and {contract.kind} is agreed")
    yield from _outdated(contract, known, registry)


def attribute_contracts(
    contract: SpanContract, registry: Registry, names: Mapping[str, Any]
) -> list[AttributeContract]:
    """Give the contracts of attributes by exact names, those of the span before the common ones."""
    found = (contract.attributes.get(name) or registry.attributes.get(name) for name in names)
    return [each for each in found if each is not None]


def named(problem: str) -> str:
    """Give the name that a breach begins with."""
    parts = problem.split("'", 2)
    return parts[1] if len(parts) > 2 and not parts[0] else problem.partition(" ")[0]


def _problems(
    span: SpanRecord, known: Mapping[str, object], contract: SpanContract, registry: Registry
) -> Iterator[str]:
    if RECOVERED in span.attributes or not span.end_ns:
        for name, value in known.items():
            if problem := contract.breach(name, value, registry.attributes):
                yield problem
    else:
        yield from contract.breaches(known, span.status == "error", registry.attributes)


def _outdated(contract: SpanContract, known: Mapping[str, object], registry: Registry) -> Iterator[Breach]:
    if contract.stability == "deprecated":
        yield Breach("TC606", "", "it is deprecated")
    for each in attribute_contracts(contract, registry, known):
        if each.stability == "deprecated":
            yield Breach("TC606", each.name, f"{each.name!r} is deprecated")
