"""URLs as spans may show them: without credentials, without signatures, and of bounded length.

The rules are those of OpenTelemetry's semantic conventions for HTTP (`url.full`, `url.query`). What else looks like a
secret is taken out of attributes when they are recorded.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

_LENGTH_LIMIT = 2048
_HOST_LIMIT = 253
"""Characters of the longest name that the domain name system has (RFC 1035, §2.3.4, as text)."""

_REDACTED = "REDACTED"
# Their names are matched in the case that they are given in (semantic conventions, `url.query`).
_SIGNATURES = frozenset(
    {
        "AWSAccessKeyId",
        "Signature",
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Goog-Signature",
        "sig",
    }
)
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._~-]{1,253}))(?::(\d{1,5}))?")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def redacted_query(query: str) -> str:
    """Give a query, without its question mark, in which signatures and access keys are replaced.

    >>> redacted_query("part=1&sig=c2VjcmV0")
    'part=1&sig=REDACTED'
    """
    return "&".join(map(_redacted_pair, query[:_LENGTH_LIMIT].split("&")))


def redacted_url(url: str) -> str:
    """Give an absolute URL without user name and password, and with its query redacted.

    >>> redacted_url("https://ci:hunter2@registry.example/v2?Signature=abc")
    'https://REDACTED:REDACTED@registry.example/v2?Signature=REDACTED'
    """
    scheme, mark, rest = url[:_LENGTH_LIMIT].partition("://")
    end = min(at for at in (rest.find("/"), rest.find("?"), rest.find("#"), len(rest)) if at >= 0)
    user, at, host = rest[:end].rpartition("@")
    if at:
        user = f"{_REDACTED}:{_REDACTED}" if ":" in user else _REDACTED
    target, hash_mark, fragment = rest[end:].partition("#")
    path, question, query = target.partition("?")
    return f"{scheme}{mark}{user}{at}{host}{path}{question}{redacted_query(query)}{hash_mark}{fragment}"


def bounded(text: str) -> str:
    """Cut text that a stranger sent to what an attribute should hold."""
    return text[:_LENGTH_LIMIT]


def host_and_port(authority: str, scheme: str) -> tuple[str, int | None]:
    """Read a `Host` header; the port is that of the scheme where it names none. Empty for what is no host.

    >>> host_and_port("[::1]:8443", "https"), host_and_port("planner.example", "http")
    (('::1', 8443), ('planner.example', 80))
    """
    found = _AUTHORITY.fullmatch(authority) if len(authority) <= _HOST_LIMIT + 8 else None
    if found is None:
        return "", None
    port = int(found[3]) if found[3] else _PORTS.get(scheme)
    return found[1] or found[2], port if port is None or port < 1 << 16 else None


def port_of(scheme: str) -> int | None:
    """Give the port that a URL of this scheme has when it names none."""
    return _PORTS.get(scheme)


def _redacted_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    is_secret = equals and unquote_plus(name) in _SIGNATURES
    return f"{name}={_REDACTED}" if is_secret else pair
