"""Cardinality: which combinations of label values have a series of their own.

It records nothing. Recorders ask `Slots` for each combination that they have not met, and whoever merges what several
processes recorded asks it again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import Final, final

from .limits import DEFAULT
from .metric import MetricContract
from .registry import Registry

_ENVIRONMENT: Final = "environment"


@final
class Slots:
    """The slots of one metric, which combinations of label values take for good.

    Known combinations, whose values are all known from the contracts, have slots that nobody else gets. All others
    share what is left, and have it in the order in which they come. So no value of an open label ever takes the slot
    of a known combination, and there are never more series than the limit. It keeps two numbers, however many come.

    >>> from telemetry.contracts import load_registry
    >>> slots = Slots(load_registry().metric("backend_maturity"), 5, {"environment": "staging"})
    >>> [slots.take(values) for values in (("odd", "staging"), ("odder", "staging"), ("beta", "staging"))]
    [True, False, True]

    Args:
        contract: Of the metric.
        limit: The most series that it may have.
        given: Label to the value that the settings give it, which is known too, or to None where any value is as good
            as known. Of `environment` no other value is known.
    """

    __slots__ = ("_free", "_known", "_reserved")

    def __init__(self, contract: MetricContract, limit: int, given: Mapping[str, str | None]) -> None:
        known = tuple(_known(contract, label, given) for label in contract.labels)
        self._known = known
        self._reserved = min(prod(len(values) for values in known if values is not None), limit)
        self._free = limit - self._reserved

    def take(self, values: Sequence[str]) -> bool:
        """Take a slot for a combination that has none yet; tell whether there was one."""
        if self._reserved and self._is_known(values):
            self._reserved -= 1
            return True
        if self._free:
            self._free -= 1
            return True
        return False

    def _is_known(self, values: Sequence[str]) -> bool:
        return all(allowed is None or value in allowed for value, allowed in zip(values, self._known, strict=True))


def known_series(contract: MetricContract, ambient: Collection[str]) -> int:
    """Count the combinations of known values, in one environment; 0 where an open label has no known values.

    Labels that the settings give count with the values that the contracts know, and as one where those know none.
    """
    given = unbound(contract, ambient)
    return prod(len(values) for label in contract.labels if (values := _known(contract, label, given)) is not None)


def unbound(contract: MetricContract, ambient: Collection[str]) -> Mapping[str, str | None]:
    """Give the ambient labels of which any value is as good as known, for whoever knows nobody's settings."""
    return {label: None for label in ambient if label == _ENVIRONMENT or not _values(contract, label)}


def least_limit(contract: MetricContract, registry: Registry) -> tuple[str, int]:
    """Give the environment with the lowest limit of a metric, and that limit."""
    environments = sorted({DEFAULT, *registry.cardinality, *contract.cardinality} - {"foreign"})
    limits = [(registry.limit_of(contract, environment), environment) for environment in environments]
    limit, environment = min(limits)
    return environment, limit


def _values(contract: MetricContract, label: str) -> Collection[str]:
    return contract.values.get(label) or contract.reserved.get(label) or ()


def _known(contract: MetricContract, label: str, given: Mapping[str, str | None]) -> Collection[str] | None:
    """Give the known values of a label: none of an open one, and None where any is as good as known."""
    if label not in given:
        return _values(contract, label)
    value = given[label]
    if value is None:
        return None
    return {value, *_values(contract, label)} if label != _ENVIRONMENT else (value,)
