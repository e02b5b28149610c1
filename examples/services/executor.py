"""The executor: a WSGI service that compiles what it is sent, until its input ends."""

import sys
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import telemetry
from telemetry.http import WSGIMiddleware


@telemetry.instrument_span("compile.execute", capture={"backend.name": "backend"})
def execute(backend: str) -> bytes:
    """Pretend to run the toolchain of a backend."""
    return f"{backend}: done".encode()


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer `/jobs/<backend>`."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [execute(environ["PATH_INFO"].rpartition("/")[2])]


class Quiet(WSGIRequestHandler):
    """Leave what a request is worth saying to the telemetry."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    with telemetry.configure("executor"):
        service: Any = WSGIMiddleware(app, route=lambda environ: "/jobs/{backend}")
        with make_server("127.0.0.1", 0, service, handler_class=Quiet) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            print(server.server_port, flush=True)
            sys.stdin.read()
            server.shutdown()
