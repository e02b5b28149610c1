"""Push spans, metrics and log records to one OTLP endpoint over HTTP.

It checks the settings at once and opens nothing: the SDK and the HTTP stack are imported when the first batch leaves.
The worker calls it, from its own thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, final
from urllib.parse import urlsplit

from telemetry.errors import ConfigurationError
from telemetry.signals import FamilySource, LogRecord, Resource, SpanChunk

from .guest import filters_unchanged

if TYPE_CHECKING:
    from .wire import Wire

SIGNAL_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {"traces": "/v1/traces", "metrics": "/v1/metrics", "logs": "/v1/logs"}
)
"""What a base URL is continued with (OTLP 1.0, OTLP/HTTP Request)."""

_PROTOCOL: Final = "http/protobuf"


@final
class OtlpExporter:
    """One OTLP endpoint, reached through OpenTelemetry's official HTTP exporters.

    Headers, compression and certificates come from the `OTEL_EXPORTER_OTLP_*` variables, which those exporters read.
    The sending methods give the reason of a failure, empty when the endpoint took everything; each may last as long
    as the timeout, retries and back-off included, unless `close` interrupts it.

    >>> OtlpExporter("http://127.0.0.1:4318", Resource({"service.name": "specc"})).target
    'http://127.0.0.1:4318'

    Args:
        endpoint: The base URL, without the path of a signal; None leaves the choice to the `OTEL_*` variables.
        resource: Who recorded.
        scope: The name and version of what recorded.
        endpoints: Full URLs of single signals (`traces`, `metrics`, `logs`), used as they are.
        timeout_seconds: The longest that one batch takes.
        protocol: Only `http/protobuf` is spoken.

    Raises:
        ConfigurationError: An endpoint is not an HTTP URL, or the protocol is another one.
    """

    __slots__ = ("_addresses", "_closed", "_resource", "_scope", "_timeout_seconds", "_wire", "target")

    def __init__(
        self,
        endpoint: str | None,
        resource: Resource,
        *,
        scope: tuple[str, str] = ("telemetry", ""),
        endpoints: Mapping[str, str] = MappingProxyType({}),
        timeout_seconds: float = 10.0,
        protocol: str = _PROTOCOL,
    ) -> None:
        _check_protocol(protocol)
        self._addresses = {**(_from_base(endpoint) if endpoint else {}), **_checked(endpoints)}
        known = endpoint or next(iter(endpoints.values()), "")
        self.target = _shown(known) if known else "the endpoint of OTEL_EXPORTER_OTLP_ENDPOINT"
        self._resource = resource
        self._scope = scope
        self._timeout_seconds = timeout_seconds
        self._closed = False
        self._wire: Wire | None = None

    def open(self) -> None:
        """Import and build what sends, which takes some 150 ms the first time; sending does it where it was not."""
        self._opened()

    def spans(self, chunks: Sequence[SpanChunk]) -> str:
        """Send a batch of spans."""
        return self._opened().spans(chunks)

    def logs(self, records: Sequence[LogRecord]) -> str:
        """Send a batch of log records."""
        return self._opened().logs(records)

    def metrics(self, source: FamilySource) -> str | None:
        """Send the current state of all metrics, cumulative since their start; None where there was none."""
        return self._opened().metrics(source)

    def close(self) -> None:
        """Interrupt a back-off under way in another thread, and send no more; twice is as good as once."""
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

                self._wire = Wire(self._addresses, self._timeout_seconds, self._resource, self._scope)
            if self._closed:  # by another thread, while this one imported
                self._wire.close()
        if self._wire is None or self._closed:
            raise ConfigurationError(f"the exporter to {self.target} is closed; make another one to send more")
        return self._wire


def _from_base(endpoint: str) -> dict[str, str]:
    _check_url(endpoint)
    base = endpoint.rstrip("/")
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
    if protocol != _PROTOCOL:
        remedy = f"set OTEL_EXPORTER_OTLP_PROTOCOL to {_PROTOCOL} and point the endpoint at port 4318 of the receiver"
        raise ConfigurationError(f"OTLP protocol {protocol!r} is not spoken here; {remedy}")
