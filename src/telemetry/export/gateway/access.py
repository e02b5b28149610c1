"""Says who may reach the gateway: this machine, or whoever has the token, over TLS."""

from __future__ import annotations

import hmac
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final, final

from telemetry.errors import ConfigurationError

_SHORTEST: Final = 16
_LONGEST: Final = 4096
_SCHEME: Final = "bearer "


@final
@dataclass(frozen=True, slots=True)
class Access:
    """Where the gateway listens, and what it asks of a client.

    >>> Access("127.0.0.1", 9465).allows("")
    True
    >>> Access("127.0.0.1", 9465, token=b"0123456789abcdef").allows("Bearer 0123456789abcdef")
    True

    Attributes:
        token: What a client has to show; None where none is asked for. It is in no text that is shown.
        tls: The context of the server; None for plain HTTP.
    """

    host: str = "127.0.0.1"
    port: int = 9465
    token: bytes | None = None
    tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"Access({self.host!r}, {self.port}, token={'set' if self.token else None}, tls={self.tls is not None})"

    def allows(self, authorization: str) -> bool:
        """Tell whether a client may come in, by its `Authorization` (RFC 6750, §2.1); as fast for any wrong token."""
        if self.token is None:
            return True
        shown = authorization[len(_SCHEME) :].strip() if authorization[: len(_SCHEME)].lower() == _SCHEME else ""
        return hmac.compare_digest(shown.encode("latin-1", "replace"), self.token)


def admit(
    host: str,
    port: int,
    *,
    certificate: Path | None = None,
    private_key: Path | None = None,
    token_file: Path | None = None,
) -> Access:
    """Check what the gateway was told about who may reach it.

    Args:
        host: The address to listen on.
        port: The port; 0 takes any free one.
        certificate: A certificate with its chain, as PEM; the private key may be in it.
        private_key: The private key, as PEM.
        token_file: A file with the token alone, of 16 characters or more.

    Raises:
        ConfigurationError: Others could reach it without TLS or without a token, or a file cannot be used.
    """
    tls = None if certificate is None else _tls(certificate, private_key)
    if certificate is None and private_key is not None:
        raise ConfigurationError(f"--tls-key {private_key} has no certificate with it; give --tls-cert too")
    token = None if token_file is None else _token(token_file)
    missing = [option for option, given in (("--tls-cert", tls), ("--token-file", token)) if given is None]
    if missing and not _is_loopback(host):
        needs = " and ".join(missing)
        raise ConfigurationError(f"{host} can be reached from other machines; give {needs} too, or --host 127.0.0.1")
    return Access(host, port, token, tls)


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigurationError(
            f"--host {host}: {error.strerror or error}; give an address of this machine"
        ) from error
    return all(ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)


def _tls(certificate: Path, private_key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, private_key, password=_no_password)
    except (OSError, ValueError) as error:
        files = " with ".join(str(path) for path in (certificate, private_key) if path)
        raise ConfigurationError(f"{files} is no certificate with its key: {error}; give both as PEM") from error
    return context


def _no_password() -> str:
    raise ValueError("the key is locked by a password, which nobody is here to give")


def _token(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            token = file.read(_LONGEST + 1).strip()
    except OSError as error:
        raise ConfigurationError(f"--token-file {path}: {error.strerror}; give a file that holds the token") from error
    if not _SHORTEST <= len(token) <= _LONGEST or not token.isascii() or len(token.split()) != 1:
        problem = f"the token must be one word of {_SHORTEST} to {_LONGEST} ASCII characters"
        raise ConfigurationError(f"--token-file {path}: {problem}; make one with: openssl rand -hex 32")
    return token
