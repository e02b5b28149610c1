"""Everybody that Alertmanager notifies, on 127.0.0.1: it keeps what comes, with the time of its arrival."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any, Self


@dataclass(frozen=True)
class Delivery:
    """One notification: to whom, when, with which token, and its body."""

    path: str
    at: float
    token: str
    body: dict[str, Any]

    def alerts(self) -> list[dict[str, Any]]:
        """Give the alerts in it; those who are told in a text have none."""
        found: list[dict[str, Any]] = self.body.get("alerts", [])
        return found


class Sink:
    """A server for the block."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        deliveries = self.deliveries

        class Handler(BaseHTTPRequestHandler):
            """Takes everything."""

            def do_POST(self) -> None:
                """Keep a notification."""
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                deliveries.append(Delivery(self.path, time(), self.headers.get("authorization", ""), json.loads(body)))
                # PagerDuty says 202, and Alertmanager wants to hear just that.
                self.send_response(202 if self.path == "/pagerduty" else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def to(self, path: str) -> list[Delivery]:
        """Give what came to one of them, the earliest first."""
        return [each for each in self.deliveries if each.path == path]


def moment(text: str) -> float:
    """Read a time as Alertmanager writes it, in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()
