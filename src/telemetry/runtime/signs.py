"""The vital signs of a process as families, by what its journal counted, under the names of a pack.

It reads nothing by itself: `vitals` gives the counts of this process, and whoever reads the journal of another one may
give those. The names are those of OpenTelemetry's semantic conventions ("SDK metrics"), as its rules for Prometheus
write them; OTLP carries the dotted ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal, final

from telemetry.contracts import MetricContract, load_registry
from telemetry.signals import Distribution, Family, Origin, Scope, Series
from telemetry.version import VERSION

Signal = Literal["span", "log"]
Attributes = dict[str, str]
Value = float | Distribution
Sign = tuple[str, Attributes, Value]
"""The name of a metric in the pack, the attributes of one series, and its value."""

SIGNALS: Final[tuple[Signal, ...]] = ("span", "log")
DURATION: Final = "otel_sdk_exporter_operation_duration_seconds"

_PACK: Final = "telemetry"
_CONVENTIONS: Final = "otel_"
_SCOPE: Final = Scope("telemetry", VERSION)
_DEFAULT_RECORD_BYTES: Final = 256
"""What a record takes as long as none was written: the middle of what spans with a few attributes take."""
_LOSSES: Final[Mapping[Signal, Mapping[str, tuple[str, ...]]]] = {
    "span": {
        "queue_full": ("spans_overwritten",),
        "too_large": ("spans_too_large",),
        "torn": ("torn_count", "spans_torn"),
        "corrupt": ("spans_corrupt",),
        "abandoned": ("abandoned",),
        "undecided_full": ("undecided_full",),
    },
    "log": {"queue_full": ("logs_overwritten",), "too_large": ("logs_too_large",)},
}
"""Why records never reached an exporter, and the words that count them; the first is OpenTelemetry's own."""


@final
@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in a journal.

    Attributes:
        bytes: The room that it takes.
        limit_bytes: The room that there is.
        record_bytes: What a record takes, on average; 0 as long as none was written.
        lag_ms: The age of the oldest record; None where nobody ships.
    """

    bytes: int = 0
    limit_bytes: int = 0
    record_bytes: float = 0.0
    lag_ms: float | None = None


@final
@dataclass(frozen=True, slots=True)
class Exports:
    """What the exporter of a process is and does.

    Attributes:
        protocol: The part of `otel.component.type` that tells exporters apart, such as `otlp_http`.
        inflight: Records that are being sent, by signal.
        durations: How long batches took, by signal and `error.type`, which is empty for those that arrived.
    """

    protocol: str
    inflight: Mapping[Signal, int] = field(default_factory=dict)
    durations: Mapping[tuple[Signal, str], Distribution] = field(default_factory=dict)


def recorded(counts: Mapping[str, int], live: int) -> Iterator[Sign]:
    """Give what began, by the counts of a journal under their lower-case names."""
    result = "otel_span_sampling_result"
    yield "otel_sdk_span_started_total", {result: "RECORD_AND_SAMPLE"}, counts["started"]
    yield "otel_sdk_span_started_total", {result: "DROP"}, counts["sampled_out"] - counts.get("undecided_dropped", 0)
    yield "otel_sdk_span_live", {result: "RECORD_AND_SAMPLE"}, live
    yield "otel_sdk_log_created_total", {}, counts["logs_written"] + counts["logs_too_large"]


def queued(counts: Mapping[str, int], live: int, queue: Queue) -> Iterator[Sign]:
    """Give what waits, what left, and what was lost, with the reasons."""
    for signal in SIGNALS:
        component = {"otel_component_name": "telemetry.journal", "otel_component_type": f"batching_{signal}_processor"}
        prefix = f"otel_sdk_processor_{signal}"
        yield f"{prefix}_processed_total", component, passed_on(signal, counts)
        for reason, count in losses(signal, counts).items():
            if count:
                yield f"{prefix}_processed_total", {**component, "error_type": reason}, count
        yield f"{prefix}_queue_size", component, pending(signal, counts, live)
        yield f"{prefix}_queue_capacity", component, queue.limit_bytes // (queue.record_bytes or _DEFAULT_RECORD_BYTES)
    yield "telemetry_queue_bytes", {}, queue.bytes
    yield "telemetry_queue_limit_bytes", {}, queue.limit_bytes
    if queue.lag_ms is not None:
        yield "telemetry_stream_lag_ms", {}, queue.lag_ms


def exported(counts: Mapping[str, int], exports: Exports) -> Iterator[Sign]:
    """Give what was sent, and how long that took."""
    for signal in SIGNALS:
        kind = f"{exports.protocol}_{signal}_exporter"
        component = {"otel_component_name": "telemetry.exporter", "otel_component_type": kind}
        name = f"otel_sdk_exporter_{signal}_exported_total"
        yield name, component, counts[f"{signal}s_shipped"]
        if counts[f"{signal}s_refused"]:
            yield name, {**component, "error_type": "rejected"}, counts[f"{signal}s_refused"]
        yield f"otel_sdk_exporter_{signal}_inflight", component, exports.inflight.get(signal, 0)
        for (of, reason), durations in exports.durations.items():
            if of == signal:
                yield DURATION, {**component, "error_type": reason} if reason else component, durations


def passed_on(signal: Signal, counts: Mapping[str, int]) -> int:
    """Count the records that an exporter has done with; those that are being sent are not among them."""
    return counts[f"{signal}s_shipped"] + counts[f"{signal}s_refused"]


def losses(signal: Signal, counts: Mapping[str, int]) -> dict[str, int]:
    """Count the records that no exporter ever got, by reason."""
    return {reason: sum(counts.get(name, 0) for name in names) for reason, names in _LOSSES[signal].items()}


def pending(signal: Signal, counts: Mapping[str, int], live: int) -> int:
    """Count the records that wait, by what the ledger says: what began is open, gone, or waits."""
    started = counts["started"] - counts.get("undecided_dropped", 0)
    begun = started - live if signal == "span" else counts["logs_written"] + counts["logs_too_large"]
    return max(0, begun - passed_on(signal, counts) - sum(losses(signal, counts).values()))


@cache
def contracts() -> Mapping[str, MetricContract]:
    """Give the contracts of all vital signs; the pack is read once."""
    return load_registry(packs=[_PACK]).metrics


def families(signs: Iterable[Sign], labels: Mapping[str, str], since_ns: int, now_ns: int) -> list[Family]:
    """Make families of signs, in the order of the pack; one without signs is left out.

    Args:
        signs: What was read.
        labels: What the settings say, such as the environment.
        since_ns: When the counts began, since the epoch.
        now_ns: When they were read.
    """
    found: dict[str, list[tuple[Attributes, Value]]] = {}
    for name, attributes, value in signs:
        found.setdefault(name, []).append((attributes, value))
    known = contracts()
    return [_family(known[name], found[name], labels, since_ns, now_ns) for name in known if name in found]


def _family(
    contract: MetricContract,
    points: list[tuple[Attributes, Value]],
    labels: Mapping[str, str],
    since_ns: int,
    now_ns: int,
) -> Family:
    is_convention = contract.name.startswith(_CONVENTIONS)
    series = tuple(
        Series(
            tuple(attributes.get(name, labels.get(name, "")) for name in contract.labels),
            value,
            since_ns,
            origin=_origin(attributes) if is_convention else None,
        )
        for attributes, value in points
    )
    return Family(
        name=contract.name,
        kind=contract.kind,
        unit=_ucum(contract) if is_convention else contract.unit,
        description=contract.description,
        labels=contract.labels,
        series=series,
        bounds=contract.bounds,
        time_ns=now_ns,
        additive=is_convention and contract.kind == "gauge",
        convention=_dotted(contract) if is_convention else "",
    )


def _origin(attributes: Attributes) -> Origin:
    return Origin(_SCOPE, {_ATTRIBUTES[name]: value for name, value in attributes.items()})


_ATTRIBUTES: Final = {
    "otel_span_sampling_result": "otel.span.sampling_result",
    "otel_component_name": "otel.component.name",
    "otel_component_type": "otel.component.type",
    "error_type": "error.type",
}


def _dotted(contract: MetricContract) -> str:
    """Take back what the rules for Prometheus did to a name: no part of those in the pack has two words."""
    return contract.name.removesuffix("_total").removesuffix("_seconds").replace("_", ".")


def _ucum(contract: MetricContract) -> str:
    return "s" if contract.unit == "seconds" else f"{{{contract.unit.removesuffix('s')}}}"
