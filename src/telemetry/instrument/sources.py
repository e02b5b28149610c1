"""The sources of one function: what is captured at its call, each read once however many names use it."""

from __future__ import annotations

from telemetry._hotpath import Parameters, Source
from telemetry.errors import ContractError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Given = str | Callable[[Any], Any]


class Converted(str):
    """A path whose value becomes something else before it is kept: `Converted("backend", name_of)`."""

    __slots__ = ("convert",)
    convert: Callable[[Any], Any]

    def __new__(cls, path: str, convert: Callable[[Any], Any]) -> Converted:
        """Make one from a path and a function, which must not be a lambda if it is to be pickled."""
        made = super().__new__(cls, path)
        made.convert = convert
        return made

    def __getnewargs__(self) -> tuple[str, Callable[[Any], Any]]:  # type: ignore[override]  # str has one argument
        return str(self), self.convert


class Sources:
    """The distinct sources of one function.

    Attributes:
        listed: In the order in which they are read.
    """

    __slots__ = ("_index", "_parameters", "listed")

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._index: dict[Any, int] = {}
        self.listed: list[Source] = []

    def add_all(self, owner: str, capture: Mapping[str, Given]) -> tuple[dict[str, int], list[str]]:
        """Take in the sources of a span or metric; give the index of each by name, and what is wrong with the rest."""
        found: dict[str, int] = {}
        problems = []
        for name, given in capture.items():
            try:
                found[name] = self._add(given)
            except ContractError as error:
                problems.append(f"{owner}: capture of {name!r}: {error}")
        return found, problems

    def _add(self, given: Given) -> int:
        key = (given, getattr(given, "convert", None)) if isinstance(given, str) else id(given)
        if key not in self._index:
            self.listed.append(self._source(given))
            self._index[key] = len(self.listed) - 1
        return self._index[key]

    def _source(self, given: Given) -> Source:
        if not isinstance(given, str):
            if not callable(given):
                raise ContractError(f"{given!r} is neither a path nor a callable")
            return Source("", (), given)
        parameter, *path = given.split(".")
        if parameter not in self._parameters.names:
            known = ", ".join(self._parameters.names) or "no named parameters; decorate below what hides them"
            raise ContractError(f"reads {given!r}, but {self._parameters.name}() has {known}")
        if not all(part.isidentifier() for part in path):
            raise ContractError(f"{given!r} is no path of names; use a callable")
        return Source(parameter, tuple(path), None, getattr(given, "convert", None))


def reader(given: Given) -> Any:
    """Give a path as a tuple of names, and a callable as it is."""
    return tuple(given.split(".")) if isinstance(given, str) else given
