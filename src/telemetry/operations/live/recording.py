"""What sources give: spans, log records and series, each with who recorded it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from telemetry.signals import Distribution, Family, LogRecord, MetricKind, Quantiles, Scope, SpanRecord

OWN_SCOPE: Final = "telemetry"
"""The scope of what is recorded under the contracts."""

_SCOPE_NAME: Final = "otel_scope_name"
_SCOPE_VERSION: Final = "otel_scope_version"


@final
@dataclass(frozen=True, slots=True)
class Sample:
    """One series of a metric, as far as its source knows it.

    Attributes:
        names: What a contract may call it; the first is what the source says.
        kind: None where the source does not say.
        unit: Empty where the source does not say.
        value: None where no value can be read.
        bounds: A histogram's upper bounds; None where the source does not say, as for exponential buckets.
        scope: Who recorded it through OpenTelemetry's API; None for what is ours, or may be.
        is_overflow: It takes what lies past the cardinality limit, so its labels are none of the contract's.
        fits: Whether its contract, if it has one, tells what its labels are called.
    """

    names: tuple[str, ...]
    kind: MetricKind | None
    unit: str
    labels: Mapping[str, str]
    value: float | Distribution | Quantiles | None
    bounds: tuple[float, ...] | None = None
    scope: Scope | None = None
    is_overflow: bool = False
    fits: bool = True


@final
@dataclass(frozen=True, slots=True)
class Misfit:
    """A metric that cannot be read as a series, or stands there twice.

    Attributes:
        problem: Why.
        code: A key of `CODES`; empty where it has no contract, or one of another shape.
        values: The label values of its series, where the source has them without the names of the labels.
    """

    name: str
    problem: str
    code: str = ""
    example: str = ""
    values: tuple[tuple[str, ...], ...] = ()

    def samples(self) -> Iterator[Sample]:
        """Give its series, with labels that are called by their place: `label 1`."""
        for values in self.values:
            labels = {f"label {number}": value for number, value in enumerate(values, 1)}
            yield Sample((self.name,), None, "", labels, None, fits=False)


@final
@dataclass(frozen=True, slots=True)
class Damage:
    """Something that could not be read, in a source whose rest can.

    Attributes:
        place: Where it is.
    """

    place: str
    problem: str


@final
@dataclass(frozen=True, slots=True)
class Recording:
    """One thing that a source gives.

    Attributes:
        service: The name of the service; empty where the source does not say.
        process: What tells processes apart; empty where the source does not say.
        is_own: Whether telemetry recorded it, and no other SDK.
    """

    what: SpanRecord | LogRecord | Sample | Misfit | Damage
    service: str = ""
    process: str = field(default="", compare=False)
    is_own: bool = True


def samples_of(family: Family) -> Iterator[Sample]:
    """Give the series of a family that a recorder made."""
    for series in family.series:
        labels = dict(zip(family.labels, series.labels, strict=False))
        scope = series.origin.scope if series.origin is not None else None
        if scope is not None:
            labels.pop(_SCOPE_NAME, None)
            labels.pop(_SCOPE_VERSION, None)
        bounds = family.bounds if family.kind == "histogram" else None
        yield Sample((family.name,), family.kind, family.unit, labels, series.value, bounds, scope)


def scope_in(labels: dict[str, str]) -> Scope | None:
    """Take the labels that name a scope out of those of a series (OpenTelemetry, Prometheus Compatibility)."""
    name = labels.pop(_SCOPE_NAME, None)
    version = labels.pop(_SCOPE_VERSION, "")
    for label in [each for each in labels if each.startswith("otel_scope_")]:
        del labels[label]
    return None if name is None else Scope(name, version)
