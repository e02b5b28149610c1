"""Serve `/metrics` over HTTP, for a Prometheus that scrapes this process.

It opens a socket and imports prometheus_client, whose threaded WSGI server does the serving; it is named in full
where it is used. `runtime` starts one when a port is set.
"""

from __future__ import annotations

import errno
import os
import socket
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from socketserver import TCPServer
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self, TextIO, final
from weakref import WeakSet
from wsgiref.simple_server import WSGIRequestHandler
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import REGISTRY
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from telemetry.errors import ConfigurationError, PortInUseError
from telemetry.signals import FamilySource

from .negotiation import negotiate
from .notice import Notice
from .occupant import occupant
from .page import Page

_READ_SECONDS: Final = 5.0
_REQUEST_SECONDS: Final = 10.0
_MOST_REQUESTS: Final = 32
_POLL_SECONDS: Final = 0.2
_DRAINED_BYTES: Final = 1 << 16
_SENT_BYTES: Final = 1 << 14
# 2 MB of histograms take 12 ms and become 133 kB; level 9, Python's default, takes 57 ms for 109 kB.
_GZIP_LEVEL: Final = 5
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


@final
class ScrapeServer:
    """An HTTP endpoint with `/metrics` and `/healthz`, served from daemon threads as soon as it is made.

    `/metrics` shows the source's families and what prometheus_client's registry holds. Requests are answered in
    parallel, at most 32 of them; one that takes longer than 10 s is cut off.

    >>> class Nothing:
    ...     def families(self):
    ...         return ()
    >>> with ScrapeServer(Nothing(), port=0) as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True

    Args:
        source: Gives the families of each scrape.
        host: The address to listen on; only this machine reaches the default.
        port: The port to listen on; 0 takes any free one, and `port` tells which.
        registry: What is served besides; the default registry of prometheus_client unless told otherwise.

    Raises:
        PortInUseError: Somebody else listens on the port.
        ConfigurationError: The address is not one of this machine, or the port not one that this user may take.
    """

    __slots__ = ("_server", "host", "port")

    def __init__(
        self, source: FamilySource, host: str = "127.0.0.1", port: int = 0, *, registry: Collector = REGISTRY
    ) -> None:
        self._server = _listen(host, port, ScrapeEndpoint(Page(source, registry)))
        self.host, self.port = self._server.server_name, self._server.server_port
        Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), name="telemetry-scrape", daemon=True).start()
        _serving.add(self._server)

    @property
    def url(self) -> str:
        """The address of the metrics page."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/metrics"

    def close(self) -> None:
        """Stop serving, cut off the requests under way, and give the port back, all within a second."""
        if self._server in _serving:
            _serving.discard(self._server)
            self._server.shutdown()
            self._server.server_close()
            self._server.cut_off(older_than=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@final
class ScrapeEndpoint:
    """The WSGI application: routes, methods and headers."""

    __slots__ = ("_notice", "_page")

    def __init__(self, page: Page) -> None:
        self._page = page
        self._notice = Notice()

    def __call__(self, request: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        """Answer a request (PEP 3333)."""
        status, headers, body = self._answer(request)
        start(status, [*headers, ("Content-Length", str(sum(map(len, body))))])
        return [] if request["REQUEST_METHOD"] == "HEAD" else body

    def _answer(self, request: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        plain = ("Content-Type", "text/plain; charset=utf-8")
        if request["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            drain(request)
            return "405 Method Not Allowed", [plain, ("Allow", "GET, HEAD")], [b"GET and HEAD are answered here.\n"]
        match request["PATH_INFO"]:
            case "/metrics":
                return self._metrics(request)
            case "/healthz":
                return "200 OK", [plain], [b"ok\n"]
            case _:
                return "404 Not Found", [plain], [b"There is /metrics and /healthz.\n"]

    def _metrics(self, request: WSGIEnvironment) -> tuple[str, list[tuple[str, str]], list[bytes]]:
        form = negotiate(request.get("HTTP_ACCEPT", ""), request.get("HTTP_ACCEPT_ENCODING", ""))
        try:
            body = self._page.render(form.format)
        except Exception as problem:  # noqa: BLE001 -- the scraper shows it as down; stderr says why
            self._notice.say(f"telemetry: the metrics page cannot be made: {problem!r}")
            return "500 Internal BoundedServer Error", [], [b"The metrics page cannot be made; stderr says why.\n"]
        headers = [("Content-Type", form.content_type), ("Vary", "Accept, Accept-Encoding")]
        if not form.gzip:
            return "200 OK", headers, body
        return "200 OK", [*headers, ("Content-Encoding", "gzip")], _gzipped(body)


def _gzipped(body: list[bytes]) -> list[bytes]:
    compressor = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WINDOW)
    return [*map(compressor.compress, body), compressor.flush()]


@final
class _Handler(WSGIRequestHandler):
    """One request; it says nothing on stderr, whatever the client does."""

    timeout = _READ_SECONDS
    # Unbuffered, wsgiref sends a head in five pieces, and after each the thread waits up to 5 ms for the GIL.
    wbufsize = _SENT_BYTES

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name is http.server's
        """Keep no access log."""

    def get_stderr(self) -> TextIO:
        """Give wsgiref a place for its tracebacks that nobody reads."""
        return StringIO()


@final
class BoundedServer(ThreadingWSGIServer):
    """prometheus_client's threaded server, with bounds on the number and the length of requests."""

    # Python's default is 5; what comes on top waits a second for TCP to try again.
    request_queue_size = 2 * _MOST_REQUESTS

    def __init__(self, family: int, address: tuple[str, int], application: ScrapeEndpoint) -> None:
        self.address_family = family
        self._requests: dict[socket.socket, float] = {}
        super().__init__(address, _Handler)
        self.set_app(application)

    def server_bind(self) -> None:
        """Bind without asking the resolver for a host name, which takes seconds where DNS is out of reach."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, or hang up when too many are answered already."""
        if len(self._requests) >= _MOST_REQUESTS:
            return self.shutdown_request(request)
        self._requests[request] = monotonic()
        return super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        """Forget a request that is over."""
        self._requests.pop(request, None)
        super().close_request(request)

    def service_actions(self) -> None:
        """Cut off what takes too long: a client that sends one byte at a time outlives any timeout of a read."""
        self.cut_off(older_than=_REQUEST_SECONDS)

    def cut_off(self, *, older_than: float) -> None:
        """Shut the connections of requests that began so many seconds ago; their threads then end by themselves."""
        now = monotonic()
        for request, began in list(self._requests.items()):
            if now - began >= older_than:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what fails here is a client that went away or that speaks no HTTP."""

    def abandon(self) -> None:
        """Close a forked child's copies of the sockets, and leave the parent's connections alone."""
        for copy in (self.socket, *self._requests):
            copy.close()


_serving: WeakSet[BoundedServer] = WeakSet()


def _abandon_all() -> None:
    for server in list(_serving):
        server.abandon()
    _serving.clear()


os.register_at_fork(after_in_child=_abandon_all)


def _listen(host: str, port: int, application: ScrapeEndpoint) -> BoundedServer:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return BoundedServer(family, (str(address[0]), port), application)
    except (OSError, OverflowError) as problem:
        raise _explained(host, port, problem) from problem


def _explained(host: str, port: int, problem: Exception) -> ConfigurationError:
    where = f"cannot serve metrics on {host}:{port}"
    if isinstance(problem, OSError) and problem.errno == errno.EADDRINUSE:
        remedy = "stop it, or set PROMETHEUS_PORT to another port, or to 0 for any free one"
        return PortInUseError(f"{where}: {occupant(port)} listens there; {remedy}")
    return ConfigurationError(f"{where}: {problem}; set an address of this machine and a port that this user may take")


def drain(request: WSGIEnvironment) -> None:
    """Read the body of a request: one left unread turns the close into a reset, and the client loses the answer."""
    with suppress(ValueError):
        _read: Callable[[int], bytes] = request["wsgi.input"].read
        _read(min(int(request.get("CONTENT_LENGTH") or 0), _DRAINED_BYTES))
