"""A stand-in for Datadog's agent on 127.0.0.1: it takes traces (`/v0.5/traces`, msgpack) and counts the spans by id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Final, Self, final

_SPAN_ID = 4
"""The place of the span's id in a span of version 0.5, which is an array of twelve."""
_ANSWER = b'{"rate_by_service":{}}'


@final
class Agent:
    """Takes what ddtrace sends.

    Attributes:
        spans: How often each span arrived, by its id in hex.
    """

    def __init__(self) -> None:
        self.spans: Counter[str] = Counter()
        self._lock = Lock()
        agent = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == "/v0.5/traces":
                    agent._take(body)
                self.send_response(200)
                self.send_header("Content-Length", str(len(_ANSWER)))
                self.end_headers()
                self.wfile.write(_ANSWER)

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None:
                """Keep no access log."""

        self._server = _Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(self, body: bytes) -> None:
        _, traces = _Reader(body).value()
        with self._lock:
            self.spans.update(f"{span[_SPAN_ID]:016x}" for trace in traces for span in trace)


@final
class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Pass over senders that died before their answer."""


@final
class _Reader:
    """Reads msgpack, as far as traces use it (https://github.com/msgpack/msgpack/blob/master/spec.md)."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self) -> Any:
        """Read the next value."""
        kind = self._number(1)
        if kind < 0x80:
            return kind
        if kind >= 0xE0:
            return kind - 0x100
        if kind < 0x90:
            return self._map(kind & 0x0F)
        if kind < 0xA0:
            return self._array(kind & 0x0F)
        if kind < 0xC0:
            return self._text(kind & 0x1F)
        return self._LONG[kind](self)

    def _number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self._bytes(size), signed=signed)

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _text(self, size: int) -> str:
        return self._bytes(size).decode(errors="replace")

    def _array(self, size: int) -> list[Any]:
        return [self.value() for _ in range(size)]

    def _map(self, size: int) -> dict[Any, Any]:
        return {self.value(): self.value() for _ in range(size)}

    _LONG: Final[Mapping[int, Callable[[_Reader], Any]]] = {
        0xC0: lambda _: None,
        0xC2: lambda _: False,
        0xC3: lambda _: True,
        0xC4: lambda self: self._bytes(self._number(1)),
        0xC5: lambda self: self._bytes(self._number(2)),
        0xCA: lambda self: self._bytes(4),
        0xCB: lambda self: self._bytes(8),
        0xCC: lambda self: self._number(1),
        0xCD: lambda self: self._number(2),
        0xCE: lambda self: self._number(4),
        0xCF: lambda self: self._number(8),
        0xD0: lambda self: self._number(1, signed=True),
        0xD1: lambda self: self._number(2, signed=True),
        0xD2: lambda self: self._number(4, signed=True),
        0xD3: lambda self: self._number(8, signed=True),
        0xD9: lambda self: self._text(self._number(1)),
        0xDA: lambda self: self._text(self._number(2)),
        0xDB: lambda self: self._text(self._number(4)),
        0xDC: lambda self: self._array(self._number(2)),
        0xDD: lambda self: self._array(self._number(4)),
        0xDE: lambda self: self._map(self._number(2)),
        0xDF: lambda self: self._map(self._number(4)),
    }
