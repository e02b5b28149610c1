"""A site: one place that records, with everything about it that need not be found out a call.

Made when a recorder is attached, from the user's declarations and the contracts; read by the wrappers that the hot
path makes of it, and by whoever turns its finished spans into records.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal

    SpanKind = Literal["internal", "server", "client", "producer", "consumer"]

QUEUE_LIMIT = 512
"""Finished spans that a queue holds before the recording thread hands them over."""


class Source:
    """Where a captured value comes from: a parameter with a path of attributes or keys, or the user's callable.

    Attributes:
        parameter: The name of a parameter; empty for a callable.
        path: What to read from it, left to right.
        function: Called with the read-only mapping of arguments; None for a path.
        convert: Called with what the path leads to, when that is not what should be kept; None keeps it.
    """

    __slots__ = ("convert", "function", "parameter", "path")

    def __init__(self, parameter: str, path: tuple[str, ...] = (), function: Any = None, convert: Any = None) -> None:
        self.parameter = parameter
        self.path = path
        self.function = function
        self.convert = convert


class Site:
    """What the wrapper of one function, or the spans of one name, share.

    Attributes:
        name: The span's name; empty when only metrics are recorded.
        kind: OpenTelemetry's span kind, in lower case.
        attributes: Static attributes, as declared.
        links: Static links.
        sources: Everything that is captured a call.
        captured: Attribute name to index in `sources`.
        results: Attribute name to what is read from the returned value: a path, or a callable.
        labels: The indices in `sources` that metric labels need, as text.
        inline: What the generated code records by itself, in this order: the bounds of a histogram and the factor
            from nanoseconds to its unit, or None for a counter that goes up by one.
        cells: Label values to the flattened cells of `inline`.
        bind: Finds or makes such cells.
        succeed: Records the metrics that are not inline, after a return; None when there are none.
        fail: Records all metrics after an exception.
        queue: Takes finished spans.
        spill: Empties the queue when it is full.
        count: Called with a reason and a detail for everything that could not be recorded.
        resume: Whether a generator gets the span as its context at each resume.
        watch: Who looks at each span, None for nobody: it is called as `started(span, outer)` when a span has begun,
            with the ambient values around it, as `ending(span)` while it still takes attributes, and as
            `ended(record(span))` when it takes no more.
    """

    __slots__ = (
        "attributes",
        "bind",
        "captured",
        "cells",
        "count",
        "fail",
        "inline",
        "kind",
        "labels",
        "links",
        "name",
        "queue",
        "results",
        "resume",
        "sources",
        "spill",
        "succeed",
        "watch",
    )

    def __init__(self, name: str, *, queue: list[Any], spill: Callable[[], None], count: Callable[..., None]) -> None:
        self.name = name
        self.kind: SpanKind = "internal"
        self.attributes: Mapping[str, Any] = {}
        self.links: tuple[Any, ...] = ()
        self.sources: tuple[Source, ...] = ()
        self.captured: dict[str, int] = {}
        self.results: dict[str, Any] = {}
        self.labels: tuple[int, ...] = ()
        self.inline: tuple[tuple[Any, float] | None, ...] = ()
        self.cells: dict[Any, Any] = {}
        self.bind: Callable[..., Any] | None = None
        self.succeed: Callable[..., None] | None = None
        self.fail: Callable[..., None] | None = None
        self.queue = queue
        self.spill = spill
        self.count = count
        self.resume = True
        self.watch: Any = None
