"""What a user declares at one place: at most one span, any number of metrics.

Made at decoration, checked against the function and the contracts when a recorder is attached; plain and picklable.
"""

from __future__ import annotations

from telemetry._hotpath import text
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
        self.kind: Any = one_of("kind", kind, KINDS)
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
        self.labels = {label: text(value) for label, value in (labels or {}).items()}
        self.capture = dict(capture or {})
        self.error = dict(error or {})
        self.on: Any = one_of("on", on, ON)
        self.value = value


class Declarations:
    """Everything that is declared at one place.

    Attributes:
        place: File and line, for messages.
        is_lenient: Whether a breach of the contracts is counted, and nothing recorded, where others raise: of code that
            somebody else wrote.
    """

    __slots__ = ("is_lenient", "metrics", "place", "span")

    def __init__(
        self,
        span: SpanDeclaration | None,
        metrics: tuple[MetricDeclaration, ...],
        place: str,
        *,
        is_lenient: bool = False,
    ) -> None:
        self.span = span
        self.metrics = metrics
        self.place = place
        self.is_lenient = is_lenient

    def with_span(self, span: SpanDeclaration) -> Declarations:
        """Add the span."""
        return Declarations(span, self.metrics, self.place, is_lenient=self.is_lenient)

    def with_metric(self, metric: MetricDeclaration) -> Declarations:
        """Add a metric."""
        return Declarations(self.span, (metric, *self.metrics), self.place, is_lenient=self.is_lenient)


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    """Check an option.

    Raises:
        ContractError: It is none of the allowed values.
    """
    if value not in allowed:
        raise ContractError(f"{option}={value!r} is not known: use one of {', '.join(allowed)}")
    return value
