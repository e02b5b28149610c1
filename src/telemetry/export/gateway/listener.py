"""Listens for the gateway: the bounded server of `scrape`, with TLS where that is needed."""

from __future__ import annotations

import errno
import socket
from threading import Thread
from typing import Final, final
from wsgiref.types import WSGIApplication

from telemetry.errors import ConfigurationError, PortInUseError
from telemetry.export.occupant import occupant
from telemetry.export.scrape import BoundedServer

from .access import Access

_POLL_SECONDS: Final = 0.2


@final
class Listener:
    """A running HTTP server.

    Args:
        access: Where it listens, and with which certificate.
        application: What answers.

    Raises:
        PortInUseError: Somebody else listens on the port.
        ConfigurationError: The address is not one of this machine, or the port not one that this user may take.

    Attributes:
        port: The port that it listens on.
        url: Its address, without a path.
    """

    __slots__ = ("_server", "_thread", "port", "url")

    def __init__(self, access: Access, application: WSGIApplication) -> None:
        self._server = _listen(access, application)
        self.port: int = self._server.server_port
        host = f"[{self._server.server_name}]" if ":" in self._server.server_name else self._server.server_name
        self.url = f"{'http' if access.tls is None else 'https'}://{host}:{self.port}"
        serve = self._server.serve_forever
        self._thread = Thread(target=serve, args=(_POLL_SECONDS,), name="telemetry-gateway", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and cut off the requests under way."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_off(older_than=0)
        self._thread.join()


def _listen(access: Access, application: WSGIApplication) -> BoundedServer:
    try:
        found = socket.getaddrinfo(access.host, access.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        server = BoundedServer(family, (str(address[0]), access.port), application)  # type: ignore[arg-type]
    except (OSError, OverflowError) as problem:
        raise _explained(access, problem) from problem
    if access.tls is not None:
        # The handshake comes with the first byte that the thread of a request reads, so a slow one holds up nobody.
        server.socket = access.tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def _explained(access: Access, problem: Exception) -> ConfigurationError:
    where = f"the gateway cannot listen on {access.host}:{access.port}"
    if isinstance(problem, OSError) and problem.errno == errno.EADDRINUSE:
        return PortInUseError(f"{where}: {occupant(access.port)} listens there; stop it, or give another --port")
    return ConfigurationError(f"{where}: {problem}; give an address of this machine and a port that this user may take")
