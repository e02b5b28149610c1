"""A collector that keeps the spans of all services, and draws them as one tree."""

import gzip
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP, as a real one does.

    Attributes:
        spans: Each span with the service that recorded it, by its id.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: dict[bytes, tuple[str, Span]] = {}

    def take(self, body: bytes) -> None:
        """Keep the spans of one request."""
        for each in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {attribute.key: attribute.value.string_value for attribute in each.resource.attributes}
            for scope in each.scope_spans:
                self.spans.update({span.span_id: (attributes["service.name"], span) for span in scope.spans})

    def tree(self, parent: bytes = b"", depth: int = 0) -> list[str]:
        """Draw what lies below a span, in the order of the names."""
        below = [each for each in self.spans.values() if each[1].parent_span_id == parent]
        lines = []
        for service, span in sorted(below, key=lambda each: (each[0], each[1].name)):
            lines.append(f"{'   ' * depth}{span.name} ({service})")
            lines += self.tree(span.span_id, depth + 1)
        return lines


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        """Take a request of any signal; only traces are kept."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        if self.path == "/v1/traces":
            self.server.take(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
