"""What is in no contract, and came through OpenTelemetry's API or another library: counted apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, final

from telemetry.operations.shown import shown_text
from telemetry.signals import Scope

_MOST_SCOPES: Final = 200
_MOST_NAMES: Final = 100
_OTHERS: Final = "others"
_NAMELESS: Final = "a scope without name"

CLIENT_LIBRARIES: Final = "Prometheus client libraries"
_CLIENT_PREFIXES: Final = ("process_", "python_", "go_", "jvm_", "promhttp_", "scrape_")
_CLIENT_NAMES: Final = frozenset(("up", "target", "target_info", "otel_scope", "otel_scope_info"))


@final
class Outsiders:
    """Counts what is foreign; of many scopes and names the rest is counted together."""

    __slots__ = ("_scopes",)

    def __init__(self) -> None:
        self._scopes: dict[str, Counter[str]] = {}

    def add(self, scope: str, what: str) -> None:
        """Count one span, series or line; what is kept of it has no credentials."""
        scope, what = shown_text(scope), shown_text(what)
        known = scope in self._scopes or len(self._scopes) < _MOST_SCOPES
        names = self._scopes.setdefault(scope if known else _OTHERS, Counter())
        names[what if what in names or len(names) < _MOST_NAMES else _OTHERS] += 1

    def all(self) -> Mapping[str, Mapping[str, int]]:
        """Give the counts by scope and name."""
        return {scope: dict(names) for scope, names in self._scopes.items()}


def scope_shown(scope: Scope) -> str:
    """Name a scope."""
    return f"{scope.name} {scope.version}".strip() or _NAMELESS


def is_of_client_library(name: str) -> bool:
    """Tell what every Prometheus client library exposes of its process and its runtime, whatever the program."""
    return name in _CLIENT_NAMES or name.startswith(_CLIENT_PREFIXES)
