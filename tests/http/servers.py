"""Real servers on this host: uvicorn and wsgiref, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn


@contextmanager
def asgi(app: Any, *, runs_lifespan: bool = False) -> Iterator[str]:
    """Serve an ASGI application while the block runs; gives its URL."""
    lifespan: Any = "on" if runs_lifespan else "off"
    config = uvicorn.Config(
        app, port=0, log_level="critical", lifespan=lifespan, ws="none", http="h11", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Be silent."""

    def get_stderr(self) -> Any:
        """Keep the traceback of a failing application to itself."""
        return _Nowhere()


class _Nowhere:
    def write(self, _: str) -> None:
        """Drop it."""

    def flush(self) -> None:
        """Do nothing."""


@contextmanager
def wsgi(app: Any) -> Iterator[str]:
    """Serve a WSGI application while the block runs; gives its URL."""
    with make_server("127.0.0.1", 0, app, _Threads, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


def wait_for(is_true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.005)
