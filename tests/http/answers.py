"""A server that answers as the path says, for clients."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PART = b"x" * 1000


class Server(ThreadingHTTPServer):
    """Answers by the path, and keeps the headers that came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.headers: list[Any] = []
        self.released = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer `/<status>`, `/twice` and `/again` by redirects, `/parts`, `/short` and `/hangs` by bodies."""
        self.server.headers.append(self.headers)
        path = self.path.partition("?")[0]
        getattr(self, f"answer_{path[1:]}", self.answer)()

    def answer(self, status: int | None = None, **headers: str) -> None:
        """Answer with a status and nothing else."""
        code = status or int(self.path.partition("?")[0][1:] or 200)
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if code not in (204, 304):
            self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_twice(self) -> None:
        """Redirect to what redirects."""
        self.answer(302, Location="/again")

    def answer_again(self) -> None:
        """Redirect."""
        self.answer(302, Location="/200?token=abc")

    def answer_parts(self) -> None:
        """Answer with two parts, the second of which waits to be released."""
        self.send_response(200)
        self.send_header("Content-Length", str(2 * len(PART)))
        self.end_headers()
        self.wfile.write(PART)
        self.wfile.flush()
        self.server.released.wait(10)
        self.wfile.write(PART)

    def answer_short(self) -> None:
        """Promise more than comes."""
        self.send_response(200)
        self.send_header("Content-Length", str(2 * len(PART)))
        self.end_headers()
        self.wfile.write(PART)
        self.close_connection = True

    def answer_hangs(self) -> None:
        """Say nothing until released."""
        self.server.released.wait(10)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Be silent."""
