"""What crosses between recorders and exporters: span records, families, log records, findings.

Plain data with no behaviour of its own. Recorders make these, exporters and checks read them; the two meet only in
`telemetry.runtime`. Ids are integers here; they become hex text where they leave the process.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ldexp
from typing import Literal, Protocol

AttributeValue = str | bool | int | float | tuple[str, ...] | tuple[bool, ...] | tuple[int, ...] | tuple[float, ...]
"""What a span attribute may hold: a primitive, or a tuple of primitives of one type (OpenTelemetry, Attribute)."""

Attributes = Mapping[str, AttributeValue]

SpanKind = Literal["internal", "server", "client", "producer", "consumer"]
StatusCode = Literal["unset", "ok", "error"]
MetricKind = Literal["counter", "gauge", "histogram", "summary"]
Severity = Literal["debug", "info", "warning", "error", "critical"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Who recorded through OpenTelemetry's API: the instrumentation scope of a tracer or meter."""

    name: str
    version: str = ""
    schema_url: str = ""
    attributes: Attributes = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at one instant of a span; an exception is one (name `exception`)."""

    name: str
    time_ns: int
    attributes: Attributes = field(default_factory=dict)
    dropped_attributes: int = 0


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A pointer from one span to another, in the same trace or not."""

    trace_id: int
    span_id: int
    trace_flags: int = 1
    tracestate: str = ""
    attributes: Attributes = field(default_factory=dict)
    is_remote: bool = False
    dropped_attributes: int = 0


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """A finished span.

    `trace_id` has 128 bits and `span_id` 64; times are nanoseconds since the epoch. `parent_span_id` is None at a
    root. `running_ns` is the time spent inside a generator; None where that is all the time between start and end.
    `scope` is None for a span under the contracts; one that came through OpenTelemetry's API has the scope of its
    tracer, and attributes of any kind that OpenTelemetry allows: bytes, None, nested tuples and mappings too.
    """

    name: str
    trace_id: int
    span_id: int
    parent_span_id: int | None
    start_ns: int
    end_ns: int
    attributes: Attributes = field(default_factory=dict)
    kind: SpanKind = "internal"
    status: StatusCode = "unset"
    status_description: str = ""
    events: Sequence[SpanEvent] = ()
    links: Sequence[SpanLink] = ()
    trace_flags: int = 1
    tracestate: str = ""
    parent_is_remote: bool = False
    dropped_attributes: int = 0
    dropped_events: int = 0
    dropped_links: int = 0
    running_ns: int | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """The value of a histogram series: one count per bucket, not cumulative, the last bucket being +Inf."""

    buckets: tuple[int, ...]
    sum: float

    @property
    def count(self) -> int:
        """The number of observations; it always comes from the buckets."""
        return sum(self.buckets)


@dataclass(frozen=True, slots=True)
class ExponentialDistribution(Distribution):
    """The value of an exponential histogram series, which is a classic one too for all who read only that.

    OpenTelemetry, Metrics Data Model §ExponentialHistogram: `counts[i]` observations lie above
    base^(offset+i), up to base^(offset+i+1), where the base is 2^(2^-scale). No observation is negative.

    Attributes:
        buckets: The counts by the family's `bounds`, as `classic` gives them.
        zero_count: Observations that are zero.
        min: The least observation; 0 when there is none.
        max: The greatest observation; 0 when there is none.
    """

    scale: int = 20
    zero_count: int = 0
    offset: int = 0
    counts: tuple[int, ...] = ()
    min: float = 0.0
    max: float = 0.0

    def classic(self, bounds: Sequence[float]) -> Distribution:
        """Count by the upper bounds of classic buckets, without +Inf.

        Each observation is counted at the lower bound of its exponential bucket, so as if it were smaller by a factor
        of at most the base. A cumulative count is therefore never too low, by that factor too high at most, and it
        never falls when the scale does: a scraper sees no reset.
        """
        buckets = [0] * (len(bounds) + 1)
        buckets[bisect_left(bounds, 0.0)] += self.zero_count
        for index, count in enumerate(self.counts, self.offset):
            if count:
                buckets[bisect_right(bounds, self._lower_bound(index))] += count
        return Distribution(tuple(buckets), self.sum)

    def _lower_bound(self, index: int) -> float:
        """Give base^index; exact where it is a power of two, as bounds often are."""
        per_octave = 1 << max(self.scale, 0)
        octave, step = divmod(index << max(-self.scale, 0), per_octave)
        return ldexp(2.0 ** (step / per_octave), octave)


@dataclass(frozen=True, slots=True)
class Quantiles:
    """The value of a summary series: estimated values at the contract's quantiles."""

    values: tuple[tuple[float, float], ...]
    count: int
    sum: float


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation that stands for many, with the span that it was made in.

    `attributes` are those of the observation that its series does not have.
    """

    value: float
    time_ns: int
    trace_id: int
    span_id: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """What OpenTelemetry's API said of a series that is in no contract, where labels have only its text."""

    scope: Scope
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """One combination of label values and what was recorded under it; the values stand in the family's label order.

    `exemplars` are in the order of their values, at most one for a bucket. `origin` is None under a contract.
    """

    labels: tuple[str, ...]
    value: float | Distribution | Quantiles
    start_ns: int = 0
    exemplars: tuple[Exemplar, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """All series of one metric at one instant.

    `bounds` are a histogram's upper bucket bounds without +Inf, so a `Distribution` has one bucket more. A gauge that
    is `additive` is a sum that goes up and down (OpenTelemetry's UpDownCounter). `convention` is the name that
    OpenTelemetry's semantic conventions give the metric, which OTLP carries; empty where that is `name`.
    """

    name: str
    kind: MetricKind
    unit: str
    description: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    bounds: tuple[float, ...] = ()
    time_ns: int = 0
    additive: bool = False
    convention: str = ""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log line as data. The ids are 0 outside of a span."""

    time_ns: int
    severity: Severity
    event: str
    fields: Attributes = field(default_factory=dict)
    logger: str = ""
    trace_id: int = 0
    span_id: int = 0
    trace_flags: int = 0


@dataclass(frozen=True, slots=True)
class Resource:
    """Who recorded: `service.name`, `service.instance.id`, `deployment.environment.name` and what the user adds."""

    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found: where, what is wrong, and what to do."""

    level: Literal["error", "warning", "info"]
    rule: str
    place: str
    problem: str
    remedy: str = ""


SpanChunk = tuple[Scope | None, int, bytes]
"""Finished spans of one scope, None being our own: their number, and each as field 2 of OTLP's `ScopeSpans`."""


class SpanBatch(Protocol):
    """Finished spans, as records for whoever looks at them and as OTLP for whoever sends them."""

    @property
    def records(self) -> Sequence[SpanRecord]:
        """The spans, decoded when they are asked for."""

    @property
    def chunks(self) -> Sequence[SpanChunk]:
        """The same as OTLP."""

    def __len__(self) -> int:
        """Give the number of spans."""


class SpanSink(Protocol):
    """Takes finished spans; never raises, never blocks for long."""

    def spans(self, batch: SpanBatch, /) -> None:
        """Take a batch."""


class LogSink(Protocol):
    """Takes log records; never raises, never blocks for long."""

    def log(self, record: LogRecord, /) -> None:
        """Take one record."""


class FamilySource(Protocol):
    """Gives the current families, as often as it is asked."""

    def families(self) -> Sequence[Family]:
        """Take a snapshot."""
