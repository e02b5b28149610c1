"""Ports of 127.0.0.1."""

from __future__ import annotations

import socket
from typing import Final

HOST: Final = "127.0.0.1"


def free_port() -> int:
    """Give a port that nobody listens on now; another process may take it before you do."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that closed a moment ago is free
        try:
            listener.bind((HOST, port))
        except OSError:
            return True
        return False
