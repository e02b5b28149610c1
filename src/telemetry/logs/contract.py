"""Check each line against the contract of its event, without losing any of it.

Breaches go to the tally: the first of each kind is named, all are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, final

from telemetry.errors import ContractError

from .channel import EventDict
from .processors import TRACE_FIELDS
from .tally import Tally

_ADDED = frozenset(("timestamp", "event", "logger", "stack", *TRACE_FIELDS))
_ADDED_PREFIXES = ("exception.", "extra.")


class EventContract(Protocol):
    """What the check asks of one event: `telemetry.contracts.EventContract` answers it."""

    def breaches(self, fields: Mapping[str, object], severity: Any, common: Any = None) -> list[str]:
        """List what is wrong with a line of this event."""


class EventRegistry(Protocol):
    """What the check asks of the contracts: `telemetry.contracts.Registry` answers it."""

    @property
    def events(self) -> Mapping[str, Any]:
        """The contracts of the events by name."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """What every line may have."""

    def event(self, name: str) -> Any:
        """Look up an event; raises ContractError with advice when there is none."""


@final
class ContractCheck:
    """Compare lines with the contracts; every line goes on as it is.

    Lines of the standard library are free text, so only those with the name of an event are checked. What the chain
    itself adds is not the caller's and not checked.
    """

    __slots__ = ("_registry", "_tally")

    def __init__(self, registry: EventRegistry, tally: Tally) -> None:
        self._registry = registry
        self._tally = tally

    def __call__(self, logger: object, _method: str, line: EventDict) -> EventDict:
        """Count and name what is wrong with the line."""
        event = str(line.get("event"))
        contract: EventContract | None = self._registry.events.get(event)
        if contract is not None:
            self._check(contract, event, line)
        elif logger is not None:
            self._refuse(event)
        return line

    def _check(self, contract: EventContract, event: str, line: EventDict) -> None:
        given = {name: value for name, value in line.items() if not _is_added(name)}
        for problem in contract.breaches(given, line.get("severity", "info"), self._registry.fields):
            self._tally.add(f"contract: {event} {problem.partition(' ')[0]}", problem)

    def _refuse(self, event: str) -> None:
        try:
            self._registry.event(event)
        except ContractError as error:
            self._tally.add(f"contract: {event[:100]}", str(error))


def _is_added(name: str) -> bool:
    return name in _ADDED or name.startswith(_ADDED_PREFIXES)
