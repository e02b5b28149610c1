"""The registry: every contract that was loaded, and the lookups that refuse what is not in it.

`load_registry` makes it from files: the shipped packs, and the user's. Nothing changes it afterwards. Recorders ask it;
generators and checks read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar, final, get_args

from telemetry.errors import ContractError

from .attribute import AttributeContract
from .event import EventContract
from .limits import DEFAULT
from .metric import MetricContract
from .span import SpanContract
from .spelling import suggestion

_Contract = TypeVar("_Contract")

Foreign = Literal["allow", "count", "refuse"]
"""What becomes of spans and metrics of OpenTelemetry's API that are in no contract; `count` records them too."""

FOREIGN: Final[tuple[Foreign, ...]] = get_args(Foreign)


DEPRECATION_DAYS: Final = 14


@final
@dataclass(frozen=True, slots=True)
class Registry:
    """All contracts in force.

    Attributes:
        attributes: What every span may have, beside its own; some are required.
        fields: What every log line may have, beside its event's own; some are required.
        enumerations: The values of each closed label, in the order of their declaration.
        reserved: The known values of open labels, whose combinations keep series of their own, as those of closed ones.
        cardinality: The greatest number of series a metric, by environment; `default` for all others.
        removed: Metrics that nobody may record any more; their names are not free.
        hidden: Metrics that are recorded and not shown, in a registry for those who show; see `exposed`.
        deprecation_days: How long a metric may be deprecated, and then hidden, before it has to go.
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
    removed: Mapping[str, MetricContract] = field(default_factory=dict, hash=False)
    hidden: Mapping[str, MetricContract] = field(default_factory=dict, hash=False)
    deprecation_days: int = DEPRECATION_DAYS
    reserved: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def cardinality_limit(self, environment: str) -> int:
        """Give the greatest number of series that a metric may have in this environment."""
        return self.cardinality.get(environment, self.cardinality.get(DEFAULT, 200))

    def limit_of(self, contract: MetricContract, environment: str) -> int:
        """Give the greatest number of series of one metric in this environment: its own limit, or else the common one.

        >>> builds = MetricContract("builds_total", "counter", "count", "Builds.", "me", cardinality={"staging": 9})
        >>> [Registry().limit_of(builds, environment) for environment in ("staging", "production")]
        [9, 200]
        """
        own = contract.cardinality
        return own.get(environment, own.get(DEFAULT, 0)) or self.cardinality_limit(environment)

    @property
    def foreign_limit(self) -> int:
        """The greatest number of series that a metric in no contract may have: OpenTelemetry's own limit by default."""
        return self.cardinality.get("foreign", 2000)

    def metric(self, name: str) -> MetricContract:
        """Look up a metric.

        Raises:
            ContractError: The registry has no such metric, or not any more.
        """
        removed = self.removed.get(name)
        if removed is not None:
            raise ContractError(_removal(removed))
        return self._find("metric", self.metrics, name)

    def exposed(self, *, hidden: bool = False) -> Registry:
        """Give the registry by which metrics are shown: without the hidden ones, unless `hidden` asks for them."""
        left_out = {} if hidden else {name: each for name, each in self.metrics.items() if each.stability == "hidden"}
        if not left_out:
            return self
        shown = {name: each for name, each in self.metrics.items() if name not in left_out}
        return replace(self, metrics=shown, hidden=left_out)

    def span(self, name: str) -> SpanContract:
        """Look up a span.

        Raises:
            ContractError: The registry has no such span.
        """
        return self._find("span", self.spans, name)

    def shown_span(self, name: str, kind: str, attributes: Mapping[str, object]) -> SpanContract | None:
        """Find the contract of a span as it left the process: by its name, or by what its contract shows it under.

        None where no contract is about it. Of several that would show it so, the first of its kind counts.
        """
        if name in self.spans:
            return self.spans[name]
        shown = [each for each in self.spans.values() if each.display and each.display_name(attributes) == name]
        return next((each for each in shown if each.kind == kind), shown[0] if shown else None)

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


def _removal(metric: MetricContract) -> str:
    since = f" since {metric.since}" if metric.since else ""
    remedy = f"Use {metric.replaced_by!r} in its place" if metric.replaced_by else "Record it no more"
    return f"metric {metric.name!r} is removed{since} (declared in {metric.source or 'the registry'}). {remedy}"
