"""Request methods as names and labels: a stranger may send any, so all but the known ones are one."""

from __future__ import annotations

from typing import Any

_KNOWN = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
"""Those of RFC 9110 and RFC 5789, and QUERY (semantic conventions, `http.request.method`)."""

_OTHER = "_OTHER"
_LENGTH_LIMIT = 64


def method_attributes(method: str) -> dict[str, Any]:
    """Give the attributes of a method; one that is not known keeps its text beside `_OTHER`."""
    if method in _KNOWN:
        return {"http.request.method": method}
    return {"http.request.method": _OTHER, "http.request.method_original": method[:_LENGTH_LIMIT]}


def span_name(method: str, route: str = "") -> str:
    """Give the name of a span: `{method} {route}`, in which a method that is not known is `HTTP`.

    >>> span_name("GET", "/plans/{plan}"), span_name("BREW")
    ('GET /plans/{plan}', 'HTTP')
    """
    known = method if method in _KNOWN else "HTTP"
    return f"{known} {route}" if route else known
