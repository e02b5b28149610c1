"""The registry: every contract that was loaded, and the lookups that refuse what is not in it.

`load_registry` makes it from files: the shipped packs, and the user's. Nothing changes it afterwards. Recorders ask it;
generators and checks read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar, final, get_args

from telemetry.errors import ContractError

from .attribute import AttributeContract
from .event import EventContract
from .metric import MetricContract
from .span import SpanContract
from .spelling import suggestion

_Contract = TypeVar("_Contract")

Foreign = Literal["allow", "count", "refuse"]
"""What becomes of spans and metrics of OpenTelemetry's API that are in no contract; `count` records them too."""

FOREIGN: Final[tuple[Foreign, ...]] = get_args(Foreign)


@final
@dataclass(frozen=True, slots=True)
class Registry:
    """All contracts in force.

    Attributes:
        attributes: What every span may have, beside its own; some are required.
        fields: What every log line may have, beside its event's own; some are required.
        enumerations: The values of each closed label, in the order of their declaration.
        cardinality: The greatest number of series a metric, by environment; `default` for all others.
        foreign: What becomes of spans and metrics of OpenTelemetry's API that are in no contract: they are recorded,
            recorded and counted, or refused and counted.
        owners: The teams that answer for metrics; empty where no file names any.
        packs: The names of the shipped packs in it.
        files: The files of the user in it.

    >>> Registry(cardinality={"default": 200, "staging": 50}).cardinality_limit("staging")
    50
    """

    metrics: Mapping[str, MetricContract] = field(default_factory=dict, hash=False)
    spans: Mapping[str, SpanContract] = field(default_factory=dict, hash=False)
    events: Mapping[str, EventContract] = field(default_factory=dict, hash=False)
    attributes: Mapping[str, AttributeContract] = field(default_factory=dict, hash=False)
    fields: Mapping[str, AttributeContract] = field(default_factory=dict, hash=False)
    enumerations: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    cardinality: Mapping[str, int] = field(default_factory=dict, hash=False)
    foreign: Foreign = "allow"
    owners: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def cardinality_limit(self, environment: str) -> int:
        """Give the greatest number of series that a metric may have in this environment."""
        return self.cardinality.get(environment, self.cardinality.get("default", 200))

    @property
    def foreign_limit(self) -> int:
        """The greatest number of series that a metric in no contract may have: OpenTelemetry's own limit by default."""
        return self.cardinality.get("foreign", 2000)

    def metric(self, name: str) -> MetricContract:
        """Look up a metric.

        Raises:
            ContractError: The registry has no such metric.
        """
        return self._find("metric", self.metrics, name)

    def span(self, name: str) -> SpanContract:
        """Look up a span.

        Raises:
            ContractError: The registry has no such span.
        """
        return self._find("span", self.spans, name)

    def event(self, name: str) -> EventContract:
        """Look up an event.

        Raises:
            ContractError: The registry has no such event.
        """
        return self._find("event", self.events, name)

    def _find(self, noun: str, table: Mapping[str, _Contract], name: str) -> _Contract:
        found = table.get(name)
        if found is not None:
            return found
        raise ContractError(
            f"no {noun} {name!r} in the registry ({self._contents()}){suggestion(name, table) or '.'} "
            f"Correct the name, or declare it in {self._remedy()}"
        )

    def _contents(self) -> str:
        parts = [f"packs: {', '.join(self.packs) or 'none'}"]
        return "; ".join(parts + [f"files: {', '.join(self.files)}"] * bool(self.files))

    def _remedy(self) -> str:
        return self.files[-1] if self.files else "a registry file and name that in TELEMETRY_REGISTRY"
