"""What came through OpenTelemetry's API or processors: listed apart, and held against no contract.

`check` leaves it out, and `report` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from telemetry.contracts import Registry
from telemetry.signals import Family, Scope, SpanRecord


@final
@dataclass(frozen=True, slots=True)
class Foreign:
    """What a run recorded that no contract is about.

    Attributes:
        families: Metrics that are in no contract.
        attributes: By the names of spans under a contract: attributes that it does not know. The recorder refuses those
            of our own surface, so processors or samplers set these.
    """

    spans: Sequence[SpanRecord] = ()
    families: Sequence[Family] = ()
    attributes: Mapping[str, Sequence[str]] | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.spans or self.families or self.attributes)

    def lines(self) -> Iterator[str]:
        """Say what it is, a line for each scope and for each span with attributes."""
        for scope, spans in _by_scope((span.scope, span.name) for span in self.spans):
            yield f"foreign   {scope}: spans {spans}"
        named = ((series.origin.scope, each.name) for each in self.families for series in each.series if series.origin)
        for scope, metrics in _by_scope(named):
            yield f"foreign   {scope}: metrics {metrics}"
        for span, names in (self.attributes or {}).items():
            yield f"foreign   on {span}: attributes {', '.join(names)}"


def is_foreign(found: SpanRecord | Family) -> bool:
    """Tell a span or metric that came through OpenTelemetry's API and is in no contract."""
    if isinstance(found, SpanRecord):
        return found.scope is not None
    return any(series.origin is not None for series in found.series)


def foreign(spans: Sequence[SpanRecord], families: Sequence[Family], registry: Registry) -> Foreign:
    """Take apart what is foreign of a run."""
    attributes: dict[str, list[str]] = {}
    for span in spans:
        names = attributes.setdefault(span.name, [])
        names += (name for name in unknown_attributes(span, registry) if name not in names)
    return Foreign(
        [span for span in spans if is_foreign(span)],
        [family for family in families if is_foreign(family)],
        {span: sorted(names) for span, names in attributes.items() if names},
    )


def unknown_attributes(span: SpanRecord, registry: Registry) -> dict[str, Any]:
    """Give the attributes that the span's contract does not know; none where it has no contract."""
    contract = None if is_foreign(span) else registry.shown_span(span.name, span.kind, span.attributes)
    if contract is None:
        return {}
    return {name: value for name, value in span.attributes.items() if not contract.allows(name, registry.attributes)}


def _by_scope(found: Iterable[tuple[Scope | None, str]]) -> Iterator[tuple[str, str]]:
    scopes: dict[str, dict[str, int]] = {}
    for scope, name in found:
        shown = f"{scope.name} {scope.version}".strip() if scope else ""
        counts = scopes.setdefault(shown or "a scope without name", {})
        counts[name] = counts.get(name, 0) + 1
    for shown, counts in scopes.items():
        yield shown, ", ".join(f"{name} ({count})" if count > 1 else name for name, count in counts.items())
