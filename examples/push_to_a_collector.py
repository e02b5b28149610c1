"""Push to a collector: spans, metrics and logs leave by OTLP over HTTP once an endpoint is set."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import telemetry

received: list[str] = []


class Collector(BaseHTTPRequestHandler):
    """Stands in for an OpenTelemetry collector."""

    def do_POST(self) -> None:
        """Take whatever comes."""
        self.rfile.read(int(self.headers["Content-Length"]))
        received.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


server = HTTPServer(("127.0.0.1", 0), Collector)
Thread(target=server.serve_forever, daemon=True).start()

with telemetry.configure("push", endpoint=f"http://127.0.0.1:{server.server_port}", log_format="json") as runtime:
    with telemetry.span("spec.parse"):
        telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
        telemetry.get_logger("push").info("spec.parsed", spec="clamp")
    print("everything arrived:", runtime.flush())
print(sorted(set(received)))
server.shutdown()
