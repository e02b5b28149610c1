"""Push spans, metrics and log records to one OTLP endpoint, over HTTP or gRPC.

It checks the settings at once and opens nothing: the SDK and the transport are imported when the first batch leaves.
The worker calls it, from its own thread; the gateway and a replay too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, final
from urllib.parse import urlsplit

from telemetry._hotpath import Chunk
from telemetry.errors import ConfigurationError
from telemetry.journal import Verdict
from telemetry.signals import FamilySource, Resource, Scope

from .guest import filters_unchanged
from .request import Origin

if TYPE_CHECKING:
    from .wire import Wire

SIGNAL_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {"traces": "/v1/traces", "metrics": "/v1/metrics", "logs": "/v1/logs"}
)
"""What a base URL is continued with (OTLP 1.0, OTLP/HTTP Request)."""

_HTTP: Final = "http/protobuf"
_GRPC: Final = "grpc"


@final
class OtlpExporter:
    """One OTLP endpoint, reached through OpenTelemetry's official exporters.

    Headers, compression, certificates and credentials come from the `OTEL_EXPORTER_OTLP_*` variables, which those
    exporters read. What sends gives the endpoint's verdict; each request may last as long as the timeout. Any thread
    may send, one at a time.

    >>> OtlpExporter("http://127.0.0.1:4318", Resource({"service.name": "specc"})).target
    'http://127.0.0.1:4318'

    Args:
        endpoint: The base URL, without the path of a signal; None leaves the choice to the `OTEL_*` variables.
        resource: Who recorded the metrics; records of a journal bring their own.
        scope: The name and version of what recorded the metrics.
        endpoints: Full URLs of single signals (`traces`, `metrics`, `logs`), used as they are.
        timeout_seconds: The longest that one request takes.
        protocol: `http/protobuf` or `grpc`.

    Attributes:
        resource: Who recorded the metrics; in a forked child it is set anew.
        target: Where it goes, for messages.

    Raises:
        ConfigurationError: An endpoint is not an HTTP URL, or the protocol is another one.
    """

    __slots__ = ("_addresses", "_closed", "_protocol", "_scope", "_timeout_seconds", "_wire", "resource", "target")

    def __init__(
        self,
        endpoint: str | None,
        resource: Resource,
        *,
        scope: tuple[str, str] = ("telemetry", ""),
        endpoints: Mapping[str, str] = MappingProxyType({}),
        timeout_seconds: float = 10.0,
        protocol: str = _HTTP,
    ) -> None:
        _check_protocol(protocol)
        self._addresses = {**(_from_base(endpoint, protocol) if endpoint else {}), **_checked(endpoints)}
        known = endpoint or next(iter(endpoints.values()), "")
        self.target = _shown(known) if known else "the endpoint of OTEL_EXPORTER_OTLP_ENDPOINT"
        self._protocol = protocol
        self.resource = resource
        self._scope = Scope(*scope)
        self._timeout_seconds = timeout_seconds
        self._closed = False
        self._wire: Wire | None = None

    def open(self) -> None:
        """Import and build what sends, which takes some 150 ms the first time; sending does it where it was not."""
        self._opened()

    def records(self, origin: Origin, kind: int, chunks: Sequence[Chunk]) -> Verdict:
        """Send records of a journal: chunks of spans (`extent.SPAN`) or of log records (`extent.LOG`)."""
        return self._opened().records(origin, kind, chunks)

    def request(self, signal: str, request: bytes) -> Verdict:
        """Send an encoded request of `traces`, `metrics` or `logs` as it is."""
        return self._opened().request(signal, request)

    def metrics(self, source: FamilySource) -> Verdict | None:
        """Send the current state of all metrics, cumulative since their start; None where there was none."""
        return self._opened().metrics(source)

    def close(self) -> None:
        """Interrupt what another thread sends, where that can be, and send no more; twice is as good as once."""
        if not self._closed:
            self._closed = True
            if self._wire is not None:
                self._wire.close()

    def forget(self) -> None:
        """Drop what a forked child inherits: a connection that two processes write to serves neither."""
        if self._wire is not None:
            self._wire.forget()
            self._wire = None

    def _opened(self) -> Wire:
        if self._wire is None and not self._closed:
            with filters_unchanged():
                from .wire import Wire

                self._wire = Wire(self._addresses, self._timeout_seconds, self.resource, self._scope, self._protocol)
            if self._closed:  # by another thread, while this one imported
                self._wire.close()
        if self._wire is None or self._closed:
            raise ConfigurationError(f"the exporter to {self.target} is closed; make another one to send more")
        return self._wire


def _from_base(endpoint: str, protocol: str) -> dict[str, str]:
    _check_url(endpoint)
    base = endpoint.rstrip("/")
    if protocol == _GRPC:  # the service stands in the request (OTLP/gRPC, "Request")
        return dict.fromkeys(SIGNAL_PATHS, base)
    for path in SIGNAL_PATHS.values():
        if base.endswith(path):
            remedy = f"leave out {path!r}, or give the URL as the endpoint of that signal alone"
            raise ConfigurationError(f"OTLP endpoint {_shown(endpoint)!r} is the URL of one signal; {remedy}")
    return {signal: base + path for signal, path in SIGNAL_PATHS.items()}


def _checked(endpoints: Mapping[str, str]) -> Mapping[str, str]:
    for signal, endpoint in endpoints.items():
        _check_url(endpoint)
        if signal not in SIGNAL_PATHS:
            raise ConfigurationError(f"there is no OTLP signal {signal!r}; the signals are {', '.join(SIGNAL_PATHS)}")
    return endpoints


def _check_url(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"OTLP endpoint {_shown(endpoint)!r} is not an HTTP URL; write it as http://host:4318")


def _shown(endpoint: str) -> str:
    # A URL may carry a password or a key, and messages end up in logs.
    parts = urlsplit(endpoint)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _check_protocol(protocol: str) -> None:
    if protocol not in (_HTTP, _GRPC):
        remedy = f"set OTEL_EXPORTER_OTLP_PROTOCOL to {_HTTP} or {_GRPC}, which receivers take on ports 4318 and 4317"
        raise ConfigurationError(f"OTLP protocol {protocol!r} is not spoken here; {remedy}")
