"""Counts the values that are searched for secrets: new ones, and all those of rare spans."""

from __future__ import annotations

from typing import Any, final

from telemetry.logs import redact_value


@final
class Admissions:
    """What `redact_value` is to a recorder, with a count: such values cost far more than those that are known.

    Two threads at once may count one of them for two, which an estimate can bear.

    >>> admissions = Admissions()
    >>> admissions("backend.name", "c-gcc"), admissions.count
    ('c-gcc', 1)

    Attributes:
        count: How many there were.
    """

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, name: str, value: Any) -> Any:
        """Give the value without secrets."""
        self.count += 1
        return redact_value(name, value)
