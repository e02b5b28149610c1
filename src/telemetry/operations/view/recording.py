"""What is looked at: the processes, spans, log records and metrics of one source, as plain data.

Ids are hex text as in OTLP's JSON; times are nanoseconds since the epoch. `draft` makes these, the formats read them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Values = Mapping[str, Any]
"""Names and values, the values being what JSON has: text, numbers, booleans, None, lists and mappings."""


@dataclass(frozen=True, slots=True)
class Process:
    """Somebody who recorded.

    Attributes:
        service: The name of the service; empty where it is not known.
        pid: Its number; empty where it is not known.
        state: `running`, `ended` or `died`; `totals` for those that were folded, empty where nobody says.
        resource: Who it was, by name.
        ledger: What became of its spans and log records; empty where nobody says.
        source: The file or member that it comes from.
    """

    service: str
    pid: str
    state: str = ""
    resource: Values = field(default_factory=dict)
    ledger: Mapping[str, int] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one instant of a span; an exception is one."""

    name: str
    time_ns: int
    attributes: Values


@dataclass(frozen=True, slots=True)
class Link:
    """A pointer to another span."""

    trace_id: str
    span_id: str
    attributes: Values


@dataclass(frozen=True, slots=True)
class Span:
    """A span.

    Attributes:
        parent_id: The span around it; empty at a root.
        status: `unset`, `ok` or `error`.
        process: The index of its process.
        is_open: Whether it had not ended when the recording ends: its end is the last sign of life then.
        place: Function, file and line of an open span, where they are known.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: str
    start_ns: int
    end_ns: int
    status: str
    status_text: str
    attributes: Values
    events: Sequence[Event]
    links: Sequence[Link]
    process: int
    scope: str = ""
    tracestate: str = ""
    is_open: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A log record; its ids are empty outside of a span."""

    time_ns: int
    severity: str
    text: str
    attributes: Values
    trace_id: str
    span_id: str
    process: int


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation that stands for many, and the span that it was made in."""

    value: float
    time_ns: int
    trace_id: str
    span_id: str


@dataclass(frozen=True, slots=True)
class Series:
    """The latest state of one series of one process.

    Attributes:
        value: The value of a counter or gauge; the sum of a histogram or summary.
        count: How many observations a histogram or summary has.
        bounds: The upper bounds of a histogram's buckets, without the last one, which is infinite.
        buckets: A count for each bucket, one more than there are bounds.
        quantiles: Pairs of quantile and value of a summary.
    """

    process: int
    labels: Values
    time_ns: int
    value: float
    count: int = 0
    bounds: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()
    quantiles: tuple[tuple[float, float], ...] = ()
    exemplars: tuple[Exemplar, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """All series of one name."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "summary"]
    unit: str
    description: str
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything of one source.

    Attributes:
        title: The name of the source, without its folder.
        problems: What could not be read, a sentence each.
    """

    title: str
    processes: Sequence[Process] = ()
    spans: Sequence[Span] = ()
    lines: Sequence[Line] = ()
    metrics: Sequence[Metric] = ()
    problems: Sequence[str] = ()
