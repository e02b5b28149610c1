"""Send encoded requests through the official OTLP/gRPC exporters.

Their channel, headers, compression and credentials serve; when to try again is not theirs to say. It imports gRPC, some
200 ms; `wire` opens one where the protocol is `grpc`.
"""

from __future__ import annotations

# What gRPC imports with the first request is imported here, where a fork waits for it.
import encodings.ascii  # noqa: F401
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, final

from grpc import RpcError  # type: ignore[import-untyped]
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

from telemetry.journal import Verdict

from .answer import Line, grpc_verdict, taken

_SERVICE: Final = "/opentelemetry.proto.collector."
_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "traces": f"{_SERVICE}trace.v1.TraceService/Export",
        "metrics": f"{_SERVICE}metrics.v1.MetricsService/Export",
        "logs": f"{_SERVICE}logs.v1.LogsService/Export",
    }
)

# A channel refuses for as long as it waits before it connects again, by default up to two minutes; when to try is our
# worker's to say.
_OPTIONS: Final[Any] = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)


def exporters(addresses: Mapping[str, str], timeout_seconds: float) -> dict[str, Any]:
    """Make the three official exporters, by the names of their signals."""
    kinds: dict[str, Any] = {"traces": OTLPSpanExporter, "metrics": OTLPMetricExporter, "logs": OTLPLogExporter}
    return {
        signal: kind(addresses.get(signal), timeout=timeout_seconds, channel_options=_OPTIONS)
        for signal, kind in kinds.items()
    }


def lines(exporters: Mapping[str, Any]) -> Mapping[str, Line] | None:
    """Give the way to the service of each signal; None where a release of the exporters has no such channel."""
    if not all(map(GrpcLine.serves, exporters.values())):
        return None
    return {signal: GrpcLine(exporter, signal) for signal, exporter in exporters.items()}


@final
class GrpcLine:
    """The way to one service, through the channel inside of an exporter; its releases do not promise that there is one.

    Args:
        exporter: An `OTLPSpanExporter`, `OTLPMetricExporter` or `OTLPLogExporter` for gRPC.
        signal: `traces`, `metrics` or `logs`.
    """

    __slots__ = ("_headers", "_send", "_timeout_seconds")

    def __init__(self, exporter: Any, signal: str) -> None:
        self._send = exporter._channel.unary_unary(_METHODS[signal])  # without a serializer: bytes as they are
        self._headers = exporter._headers
        self._timeout_seconds = exporter._timeout

    @staticmethod
    def serves(exporter: Any) -> bool:
        """Tell whether an exporter has a channel."""
        has_rest = hasattr(exporter, "_headers") and hasattr(exporter, "_timeout")
        return has_rest and callable(getattr(getattr(exporter, "_channel", None), "unary_unary", None))

    def __call__(self, request: bytes) -> Verdict:
        """Send a request, and judge the answer."""
        try:
            return taken(self._send(request, timeout=self._timeout_seconds, metadata=self._headers))
        except RpcError as error:
            failure: Any = error
            return grpc_verdict(failure.code().name, failure.details(), failure.trailing_metadata() or ())
