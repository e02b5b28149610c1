"""Holds the limits of series once more where the series of many processes come together.

Each process keeps its own limit; N of them with different label values would have N times as many. So what is merged
has slots of its own, by metric and environment.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, final

from telemetry.contracts import (
    AMBIENT_LABELS,
    OVERFLOW,
    OVERFLOW_ATTRIBUTE,
    MetricContract,
    Registry,
    Slots,
    is_overflow,
    unbound,
)

_ENVIRONMENT: Final = "environment"


@final
class Quota:
    """The slots of all metrics of one merged view, which series take as they come.

    Args:
        registry: Says the limits.
    """

    __slots__ = ("_foreign", "_registry", "_slots")

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._slots: dict[tuple[str, str], Slots] = {}
        self._foreign: dict[tuple[str, str, str], set[str]] = {}

    def admit(self, name: str, values: Sequence[str]) -> Sequence[str]:
        """Give the label values under which a series that was not seen before is merged: its own, or the overflow's.

        What overflowed in its process already stays as it is there.
        """
        if is_overflow(values):
            return values
        contract = self._registry.metrics.get(name)
        if contract is None or len(contract.labels) != len(values):
            contract = MetricContract(name, "gauge", "", "", "", labels=("",) * len(values))
        labels = contract.labels
        environment = values[labels.index(_ENVIRONMENT)] if _ENVIRONMENT in labels else ""
        if self._of(contract, environment).take(values):
            return values
        return [environment if label == _ENVIRONMENT else OVERFLOW for label in labels]

    def admit_foreign(self, scope: str, version: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
        """Give the attributes under which a series in no contract is merged, as `admit` does, seen before or not."""
        if OVERFLOW_ATTRIBUTE in attributes:
            return attributes
        taken = self._foreign.setdefault((scope, version, name), set())
        wanted = json.dumps(attributes, sort_keys=True)
        if wanted not in taken and len(taken) >= self._registry.foreign_limit:
            return {OVERFLOW_ATTRIBUTE: True}
        taken.add(wanted)
        return attributes

    def _of(self, contract: MetricContract, environment: str) -> Slots:
        key = (contract.name, environment)
        if key not in self._slots:
            is_known = contract.name in self._registry.metrics
            limit = self._registry.limit_of(contract, environment) if is_known else self._registry.foreign_limit
            self._slots[key] = Slots(contract, limit, unbound(contract, AMBIENT_LABELS))
        return self._slots[key]
