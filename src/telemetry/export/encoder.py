"""Encode what a runtime's metrics hold as one OTLP request, by the shortest way that there is.

Nothing is sent from here. It imports the SDK and protobuf, for units and for what the compiled writer does not know;
`wire` calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from time import time_ns
from typing import Any, Protocol, final

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics as encode_by_sdk
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry.contracts import OVERFLOW, OVERFLOW_ATTRIBUTE, MetricContract, is_overflow
from telemetry.signals import Family, FamilySource

from .plan import COMPILED, PagedSource, Plan, rows_of
from .points import as_metrics_data, as_summaries, ucum_unit
from .translation import clean_text

_KEY, _VALUE, _STRING = 1, 2, 1
_NAME, _DESCRIPTION, _UNIT = 1, 2, 3
_ATTRIBUTES = {"counter": 7, "gauge": 7, "histogram": 9, "summary": 7}
"""The field of a data point that its attributes stand in (opentelemetry-proto, metrics.proto)."""


class MetricsEncoder(Protocol):
    """Encodes the metrics of one source, as often as it is asked."""

    def encode_metrics(self) -> bytes:
        """Take a snapshot, and give it as an `ExportMetricsServiceRequest`; empty where no metric has a series."""


def encoder(source: FamilySource, resource: bytes, scope: bytes) -> MetricsEncoder:
    """Choose how a source is encoded: in place from its pages, where it has them and the writer was built.

    Keep what it gives: it remembers the attributes of every series.

    Args:
        source: What is encoded.
        resource: Who recorded, as an encoded `Resource`.
        scope: What recorded, as an encoded `InstrumentationScope`.
    """
    if COMPILED and isinstance(source, PagedSource):
        return PagesEncoder(source, resource, scope)
    return FamiliesEncoder(source, resource, scope)


@final
class FamiliesEncoder:
    """Any source, by way of its families and the official encoder."""

    __slots__ = ("_resource", "_scope", "_source")

    def __init__(self, source: FamilySource, resource: bytes, scope: bytes) -> None:
        self._source = source
        self._resource = resource
        self._scope = scope

    def encode_metrics(self) -> bytes:
        """Take a snapshot, and encode it; empty where no metric has a series."""
        metrics = b"".join(_field(2, metric) for metric in _metrics(self._source.families()))
        if not metrics:
            return b""
        return _field(1, _field(1, self._resource) + _field(2, _field(1, self._scope) + metrics))


@final
class PagesEncoder:
    """Metrics in pages, read in place: 10 000 points in half a millisecond, most of it without the GIL."""

    __slots__ = ("_plan", "_resource", "_scope", "_source")

    def __init__(self, source: PagedSource, resource: bytes, scope: bytes) -> None:
        self._source = source
        self._resource = resource
        self._scope = scope
        self._plan = Plan(source, Points)

    def encode_metrics(self) -> bytes:
        """Take a snapshot, and encode it; the bytes are those of the way by families."""
        with self._plan.grown() as present:
            exemplified = self._source.exemplified
            general = {name for name, points in present if name in exemplified or not points.rows.known}
            read = self._plan.families(general | self._source.followed)
            encoded = {name: _metrics([read[name]]) for name in general & read.keys()}
            unpaged = _metrics(self._source.unpaged(list(read.values())))
            parts = _in_order(present, general, encoded, unpaged)
            if not parts:
                return b""
            request: bytes = self._plan.writer.request(parts, self._resource, self._scope, time_ns())
        return request


@final
class Points:
    """One family: what stands before its data, and in front of the attribute values of its points.

    Attributes:
        is_summary: Whether it goes behind all others, as the way by families has it.
        rows: Its series, for the compiled writer.
    """

    __slots__ = ("_field", "_keys", "is_summary", "rows")

    def __init__(self, contract: MetricContract) -> None:
        family = Family(contract.name, contract.kind, contract.unit, contract.description, contract.labels, ())
        texts = ((_NAME, family.name), (_DESCRIPTION, family.description), (_UNIT, ucum_unit(family)))
        head = b"".join(_field(number, clean_text(text).encode()) for number, text in texts if text)
        self.is_summary = contract.kind == "summary"
        self.rows = rows_of(contract, pieces=1, head=head, marks=[b""] * (len(contract.bounds) + 1))
        self._field = _ATTRIBUTES[contract.kind]
        self._keys = [_field(_KEY, label.encode()) for label in contract.labels]

    def pieces(self, values: Sequence[str]) -> tuple[bytes, ...]:
        """Encode the attributes of a series."""
        pairs = zip(self._keys, values, strict=True)
        found = [key + _field(_VALUE, _text(value)) for key, value in pairs if value != OVERFLOW]
        if is_overflow(values):
            found.append(_OVERFLOWED)
        return (b"".join(_field(self._field, each) for each in found),)


def _in_order(
    present: Sequence[tuple[str, Points]], general: Set[str], encoded: Mapping[str, list[bytes]], unpaged: list[bytes]
) -> list[Any]:
    parts: list[Any] = []
    summaries: list[Any] = []
    for name, points in present:
        found = encoded.get(name, []) if name in general else [points.rows]
        (summaries if points.is_summary else parts).extend(found)
    return [*parts, *unpaged, *summaries]


def _metrics(families: Iterable[Family]) -> list[bytes]:
    """Encode families the general way, each as a `Metric`."""
    held = [family for family in families if family.series]
    data = as_metrics_data(held, Resource.get_empty(), InstrumentationScope(""))
    request: ExportMetricsServiceRequest = encode_by_sdk(data)
    metrics = [metric for one in request.resource_metrics for scope in one.scope_metrics for metric in scope.metrics]
    return [metric.SerializeToString() for metric in (*metrics, *as_summaries(held))]


def _text(value: str) -> bytes:
    return _field(_STRING, value.encode("utf-8", "replace"))


def _field(number: int, content: bytes) -> bytes:
    """Encode a field of bytes: its tag, their length as a varint, and the bytes (Protocol Buffers, Encoding)."""
    tag, size = number << 3 | 2, len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = bytearray((tag,))
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes(length) + content


_OVERFLOWED = _field(_KEY, OVERFLOW_ATTRIBUTE.encode()) + _field(_VALUE, b"\x10\x01")
"""The attribute of an overflow series, whose value is true: `bool_value`, field 2 (opentelemetry-proto)."""
