"""Runs the receiver until a signal ends it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from telemetry.errors import ConfigurationError, PortInUseError

from .admission import is_loopback
from .options import Options

_BACKLOG: Final = 2048
_GRACE_SECONDS: Final = 5
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def refuse_open_doors(host: str, *, has_tokens: bool, has_tls: bool, plain: bool) -> None:
    """Refuse to serve others without tokens, or to send tokens in the clear.

    Raises:
        ConfigurationError: What is missing, and what to do.
    """
    if is_loopback(host):
        return
    if not has_tokens:
        raise ConfigurationError(f"--host {host}: other machines can reach it; give --tokens, or --host 127.0.0.1")
    if not has_tls and not plain:
        raise ConfigurationError(
            f"--host {host}: tokens would travel in the clear; give --tls-cert and --tls-key, or --plain-http where "
            "something in front of it does TLS"
        )


def listen(host: str, port: int) -> socket.socket:
    """Open the port.

    Raises:
        PortInUseError: It is taken, or not ours to take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(_BACKLOG)
    except OSError as error:
        door.close()
        raise PortInUseError(f"--port {port}: cannot listen on {host}: {error.strerror}") from None
    return door


def serve(
    options: Options,
    door: socket.socket,
    *,
    certificate: Path | None = None,
    private_key: Path | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the address once it does.

    Raises:
        ConfigurationError: The database cannot be opened.
    """
    import uvicorn

    from .app import application

    config = uvicorn.Config(
        application(options),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
    )
    host, port = door.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    url = f"{'https' if certificate else 'http'}://{shown}:{port}"
    _server(config, lambda: ready(url)).run(sockets=[door])


def _server(config: Any, ready: Callable[[], None]) -> Any:
    """Make a server that a signal ends in order; uvicorn's own sends the signal once more, to die of it."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()  # signals end it in order from before this on

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            before = {each: signal.signal(each, self.handle_exit) for each in _STOP_SIGNALS}
            try:
                yield
            finally:
                for each, handler in before.items():
                    signal.signal(each, handler)

    return Server(config)
