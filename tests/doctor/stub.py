"""A stub of the protocols of engines that Debian does not have: it is not these engines, only their documented paths.

It keeps what is sent, and gives it back where VictoriaLogs, VictoriaTraces, Grafana, an OpenTelemetry Collector and
Fluent Bit would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, final
from urllib.parse import parse_qs

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@final
class Stub:
    """What was sent, and how it answers.

    Attributes:
        loses: The paths whose content is taken and lost.
        grafana: What Grafana's health says.
        answers: Answers in place of the usual ones, by path.
    """

    def __init__(self) -> None:
        self.url = ""
        self.traces: set[str] = set()
        self.logs: set[str] = set()
        self.metrics: set[str] = set()
        self.loses: set[str] = set()
        self.grafana = {"database": "ok", "version": "12.3.0"}
        self.answers: dict[str, tuple[int, bytes]] = {}

    def take(self, path: str, body: bytes) -> None:
        """Keep the marks of a request."""
        if path in self.loses:
            return
        if path.endswith("/v1/traces"):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.traces |= {span.trace_id.hex() for scope in resource.scope_spans for span in scope.spans}
        elif path.endswith("/v1/logs"):
            for batch in ExportLogsServiceRequest.FromString(body).resource_logs:
                self.logs |= {log.trace_id.hex() for scope in batch.scope_logs for log in scope.log_records}
        elif path.endswith("/v1/metrics"):
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                points = (
                    point for scope in group.scope_metrics for each in scope.metrics for point in each.gauge.data_points
                )
                self.metrics |= {pair.value.string_value for point in points for pair in point.attributes}
        elif path == "/api/v1/import/prometheus":
            self.metrics.add(body.decode().split('"')[1])
        elif path == "/telemetry.doctor":
            self.logs.add(json.loads(body)["probe_id"])

    def found(self, path: str, query: str) -> tuple[int, bytes]:
        """Answer a question."""
        if path in self.answers:
            return self.answers[path]
        if path == "/api/health":
            return 200, json.dumps(self.grafana).encode()
        if path.startswith("/select/jaeger/api/traces/"):
            trace_id = path.rpartition("/")[2]
            data = [{"traceID": trace_id, "spans": [{"traceID": trace_id}]}]
            return (200, json.dumps({"data": data}).encode()) if trace_id in self.traces else (404, b"{}")
        if path == "/api/v1/export":
            return 200, "".join(each for each in self.metrics if each in query).encode()
        return (200, b"ok") if path in {"/health", "/-/ready", "/api/v1/health"} else (404, b"no such path")

    def selected(self, query: str) -> bytes:
        """Answer a LogsQL query."""
        return "".join(json.dumps({"trace_id": each}) + "\n" for each in self.logs if each in query).encode()


@contextmanager
def stub() -> Iterator[Stub]:
    """Start one."""
    known = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            self._answer(*known.found(path, query))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path in known.answers:
                self._answer(*known.answers[self.path])
            elif self.path == "/select/logsql/query":
                self._answer(200, known.selected(parse_qs(body.decode())["query"][0]))
            else:
                known.take(self.path, body)
                self._answer(200, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the client has gone meanwhile
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    known.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
