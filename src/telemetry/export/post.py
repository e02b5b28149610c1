"""Send encoded requests through the official OTLP/HTTP exporters.

Their session, headers, compression and certificates serve. Nothing is tried again from here, but at once where a
connection turns out to be stale. `wire` opens one where the protocol is `http/protobuf`.
"""

from __future__ import annotations

# What `requests` imports with the first request is imported here, where a fork waits for it.
import netrc  # noqa: F401
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final, final

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from telemetry.journal import Again, Verdict

from .answer import Line, cause, http_verdict

_PARTS: Final = ("_compress", "_endpoint", "_headers", "_shutdown", "_timeout", "_transport")


def exporters(addresses: Mapping[str, str], timeout_seconds: float) -> dict[str, Any]:
    """Make the three official exporters, by the names of their signals."""
    kinds: dict[str, Any] = {"traces": OTLPSpanExporter, "metrics": OTLPMetricExporter, "logs": OTLPLogExporter}
    return {signal: kind(addresses.get(signal), timeout=timeout_seconds) for signal, kind in kinds.items()}


def lines(exporters: Mapping[str, Any]) -> Mapping[str, Line] | None:
    """Give the way to the endpoint of each signal; None where a release of the exporters has no such client."""
    if not all(map(HttpLine.serves, exporters.values())):
        return None
    return {signal: HttpLine(exporter) for signal, exporter in exporters.items()}


@final
class HttpLine:
    """The way to one endpoint, through the client inside of an exporter; its releases do not promise that there is one.

    Args:
        exporter: An `OTLPSpanExporter`, `OTLPMetricExporter` or `OTLPLogExporter`.
    """

    __slots__ = ("_client",)

    def __init__(self, exporter: Any) -> None:
        self._client = exporter._client

    @staticmethod
    def serves(exporter: Any) -> bool:
        """Tell whether an exporter has a client whose transport gives the answers."""
        client = getattr(exporter, "_client", None)
        transport = getattr(client, "_transport", None)
        return all(hasattr(client, name) for name in _PARTS) and callable(getattr(transport, "request", None))

    def __call__(self, request: bytes) -> Verdict:
        """Send a request, and judge the answer; to have none is to be sent again."""
        client = self._client
        data, end = client._compress(request), monotonic() + client._timeout
        result = self._post(data, client._timeout)
        left = end - monotonic()
        # A collector that was restarted has left a connection behind that looks alive; nobody is to wait for that.
        if result.error and client._transport.is_connection_error(result.error) and left > 0 and not client._shutdown:
            result = self._post(data, left)
        if result.status_code is None:
            return Again(cause(result.error) if result.error else "no answer")
        return http_verdict(result.status_code, result.reason, result.headers(), result.content())

    def _post(self, data: bytes, timeout_seconds: float) -> Any:
        client = self._client
        return client._transport.request(
            "POST", client._endpoint, headers=client._headers, data=data, timeout=timeout_seconds
        )
