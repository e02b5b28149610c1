"""Servers to export to and to be scraped by, all real and all on 127.0.0.1.

`OtlpReceiver` decodes what it gets with OpenTelemetry's protobuf types and answers as it is told; `silent_listener`
accepts and never answers; `free_port` is one where nobody listens; `Prometheus` is the Debian binary.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any, Self, final

import httpx
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

_REQUESTS: Mapping[str, Callable[[], Any]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived: its connection, path, headers in lower case, sizes, and the decoded message."""

    client_port: int
    path: str
    headers: Mapping[str, str]
    wire_bytes: int
    body_bytes: int
    message: Any


@final
@dataclass(slots=True)
class OtlpReceiver:
    """An OTLP/HTTP receiver that keeps what it got.

    `answers` holds the (status, headers) of the next answers; after those, and when it is empty, it answers 200.
    """

    requests: list[Request] = field(default_factory=list)
    answers: deque[tuple[int, Mapping[str, str]]] = field(default_factory=deque)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """The base URL."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[Span]:
        """All spans received, in order."""
        return [
            span
            for request in self._of("/v1/traces")
            for resource in request.message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def logs(self) -> list[LogRecord]:
        """All log records received, in order."""
        return [
            record
            for request in self._of("/v1/logs")
            for resource in request.message.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    @property
    def metrics(self) -> dict[str, Metric]:
        """The last state received of every metric, by name."""
        return {
            metric.name: metric
            for request in self._of("/v1/metrics")
            for resource in request.message.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: object) -> None:
                """Keep no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def _of(self, path: str) -> Iterator[Request]:
        return (request for request in list(self.requests) if request.path == path)

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        wire = handler.rfile.read(int(handler.headers["content-length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        status, extra = self.answers.popleft() if self.answers else (200, {})
        if status == 200:
            body = _DECODERS[headers.get("content-encoding", "")](wire)
            message = _REQUESTS[handler.path]()
            message.ParseFromString(body)
            self.requests.append(
                Request(handler.client_address[1], handler.path, headers, len(wire), len(body), message)
            )
        handler.send_response(status)
        for name, value in extra.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def silent_listener() -> Iterator[str]:
    """Accept connections and never answer; give the base URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def free_port() -> int:
    """Give a port that was free a moment ago, where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def in_child(holds: Callable[[], bool]) -> int:
    """Fork, and give the process id of a child that ends with 0 if something holds there, within 10 seconds."""
    child = os.fork()
    if child:
        return child
    signal.alarm(10)
    status = 1
    try:
        status = 0 if holds() else 1
    finally:
        os._exit(status)


def fetch(url: str, method: str = "GET", **options: Any) -> httpx.Response:
    """Make one request; without TLS to set up, which takes httpx 50 ms."""
    return httpx.request(method, url, verify=False, trust_env=False, **options)


def attributes(pairs: Any) -> dict[str, object]:
    """Read OTLP attributes as Python values."""
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> object:
    kind = pair.value.WhichOneof("value")
    assert kind is not None
    if kind == "array_value":
        return tuple(getattr(item, str(item.WhichOneof("value"))) for item in pair.value.array_value.values)
    return getattr(pair.value, kind)


def eventually(holds: Callable[[], object], *, within_seconds: float = 5.0) -> bool:
    """Wait until something holds; tell whether it came to hold in time."""
    end = monotonic() + within_seconds
    while monotonic() < end:
        if holds():
            return True
        sleep(0.01)
    return bool(holds())


PROMETHEUS_BINARY = shutil.which("prometheus")


@final
class Prometheus:
    """The real Prometheus, scraping one target every 200 ms."""

    def __init__(self, target: str, folder: Path) -> None:
        assert PROMETHEUS_BINARY is not None
        self.url = f"http://127.0.0.1:{free_port()}"
        configuration = folder / "prometheus.yml"
        jobs = [{"job_name": "test", "static_configs": [{"targets": [target]}]}]
        # JSON is YAML.
        configuration.write_text(json.dumps({"global": {"scrape_interval": "200ms"}, "scrape_configs": jobs}))
        arguments = [
            PROMETHEUS_BINARY,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--log.level=error",
        ]
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def query(self, expression: str) -> dict[tuple[str, ...], float]:
        """Evaluate an expression; give the values by label values, which are in the order of the label names."""
        found = {}
        for series in self._get("query", query=expression).get("result", ()):
            labels = {name: text for name, text in series["metric"].items() if name not in {"job", "instance"}}
            found[tuple(labels[name] for name in sorted(labels))] = float(series["value"][1])
        return found

    def target(self) -> dict[str, str]:
        """Tell how the last scrape went."""
        active = self._get("targets").get("activeTargets")
        return {"health": active[0]["health"], "error": active[0]["lastError"]} if active else {}

    def _get(self, path: str, **parameters: str) -> Any:
        try:
            answer = fetch(f"{self.url}/api/v1/{path}", params=parameters)
        except httpx.TransportError:
            return {}
        return answer.json()["data"] if answer.status_code == 200 else {}
