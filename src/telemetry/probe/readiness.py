"""Say which backends can run on this host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from .backends import BackendDescriptor, Maturity


@final
@dataclass(frozen=True, slots=True)
class Readiness:
    """What the host has for a set of backends.

    Attributes:
        missing: By backend, the programs that are not found; empty for a backend that is ready.
        maturities: By maturity, how many backends there are.
    """

    missing: Mapping[str, tuple[str, ...]]
    maturities: Mapping[Maturity, int]

    @property
    def ready(self) -> tuple[str, ...]:
        """The backends that miss nothing, sorted."""
        return tuple(sorted(name for name, binaries in self.missing.items() if not binaries))


def readiness(backends: Iterable[BackendDescriptor]) -> Readiness:
    """Look for the programs of each backend; nothing is run.

    >>> from .backends import backend
    >>> readiness([backend("python")])
    Readiness(missing={'python': ()}, maturities={'stable': 1})
    """
    asked = tuple(backends)
    return Readiness(
        missing={each.name: each.missing_binaries() for each in asked},
        maturities=dict(Counter(each.maturity for each in asked)),
    )
