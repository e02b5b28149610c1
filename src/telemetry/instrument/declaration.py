"""What a user declares at one place: at most one span, any number of metrics, their sources.

Made at decoration, checked against the function's parameters there and against the contracts when a recorder is
attached; plain and picklable.
"""

from __future__ import annotations

from telemetry._hotpath import Parameters, Source
from telemetry.errors import ContractError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Given = str | Callable[[Any], Any]

KINDS = ("internal", "server", "client", "producer", "consumer")
ON = ("always", "success", "failure")


class SpanDeclaration:
    """The span of a function: see `instrument_span` for the meaning of each field."""

    __slots__ = ("attributes", "capture", "context", "kind", "links", "name", "result")

    def __init__(
        self,
        name: str,
        *,
        attributes: Mapping[str, Any] | None = None,
        capture: Mapping[str, Given] | None = None,
        result: Mapping[str, Given] | None = None,
        kind: str = "internal",
        links: tuple[Any, ...] = (),
        context: bool = True,
    ) -> None:
        self.name = name
        self.attributes = dict(attributes or {})
        self.capture = dict(capture or {})
        self.result = dict(result or {})
        self.kind = one_of("kind", kind, KINDS)
        self.links = tuple(links)
        self.context = context


class MetricDeclaration:
    """One metric of a function: see `record_metric` for the meaning of each field."""

    __slots__ = ("capture", "error", "labels", "name", "on", "value")

    def __init__(
        self,
        name: str,
        *,
        labels: Mapping[str, str] | None = None,
        capture: Mapping[str, Given] | None = None,
        error: Mapping[str, Given] | None = None,
        on: str = "always",
        value: Callable[[Any], float] | None = None,
    ) -> None:
        self.name = name
        self.labels = dict(labels or {})
        self.capture = dict(capture or {})
        self.error = dict(error or {})
        self.on: Any = one_of("on", on, ON)
        self.value = value
        if self.error and on != "failure":
            raise ContractError(
                f"metric {name!r}: error= gives labels that only a failure has; record it with on='failure'"
            )


class Declarations:
    """Everything that is declared at one place.

    Attributes:
        place: File and line, for messages.
    """

    __slots__ = ("metrics", "place", "span")

    def __init__(self, span: SpanDeclaration | None, metrics: tuple[MetricDeclaration, ...], place: str) -> None:
        self.span = span
        self.metrics = metrics
        self.place = place

    def with_span(self, span: SpanDeclaration) -> Declarations:
        """Add the span."""
        return Declarations(span, self.metrics, self.place)

    def with_metric(self, metric: MetricDeclaration) -> Declarations:
        """Add a metric."""
        return Declarations(self.span, (metric, *self.metrics), self.place)


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
    """The distinct sources of one function, each read once a call however many names use it."""

    __slots__ = ("_index", "_parameters", "_place", "listed")

    def __init__(self, parameters: Parameters, place: str) -> None:
        self._parameters = parameters
        self._place = place
        self._index: dict[Any, int] = {}
        self.listed: list[Source] = []

    def add(self, name: str, given: Given) -> int:
        """Take in a source for an attribute or label; give its index.

        Raises:
            ContractError: The path begins with no parameter of the function.
        """
        key = (given, getattr(given, "convert", None))
        if key not in self._index:
            self._index[key] = len(self.listed)
            self.listed.append(self._source(name, given))
        return self._index[key]

    def _source(self, name: str, given: Given) -> Source:
        if callable(given):
            return Source("", (), given)
        parameter, *path = given.split(".")
        if parameter not in self._parameters.names:
            known = ", ".join(self._parameters.names) or "no named parameters"
            raise ContractError(
                f"{self._place}: capture of {name!r} reads {given!r}, but {self._parameters.name}() has {known}"
            )
        if not all(part.isidentifier() for part in path):
            raise ContractError(f"{self._place}: capture of {name!r}: {given!r} is no path of names; use a callable")
        return Source(parameter, tuple(path), None, getattr(given, "convert", None))


def reader(given: Given) -> Any:
    """Give a path as a tuple of names, and a callable as it is."""
    return given if callable(given) else tuple(given.split("."))


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    """Check an option.

    Raises:
        ContractError: It is none of the allowed values.
    """
    if value not in allowed:
        raise ContractError(f"{option}={value!r} is not known: use one of {', '.join(allowed)}")
    return value
