"""Answers requests: `/metrics`, `/healthz` and `/readyz`, for those who may come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import final
from wsgiref.types import StartResponse, WSGIEnvironment

from telemetry.export.page import Page
from telemetry.export.scrape import ScrapeEndpoint, drain

from .access import Access

_PLAIN = ("Content-Type", "text/plain; charset=utf-8")
_OPEN = "/healthz"
_PATHS = ("/metrics", _OPEN, "/readyz")


@final
class Endpoint:
    """The WSGI application of the gateway.

    Args:
        page: Writes what a scrape gets.
        access: Says who may come in; `/healthz`, which tells nothing, is open.
        hindrances: Gives what is in the way of the gateway's work, a line each.
    """

    __slots__ = ("_access", "_hindrances", "_scrape")

    def __init__(self, page: Page, access: Access, hindrances: Callable[[], Sequence[str]]) -> None:
        self._scrape = ScrapeEndpoint(page)
        self._access = access
        self._hindrances = hindrances

    def __call__(self, request: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = request["PATH_INFO"]
        if path != _OPEN and not self._access.allows(request.get("HTTP_AUTHORIZATION", "")):
            challenge = ("WWW-Authenticate", 'Bearer realm="telemetry"')
            return _answer(request, start, "401 Unauthorized", "Show the token: Authorization: Bearer …", challenge)
        if path not in _PATHS:
            return _answer(request, start, "404 Not Found", f"There is {', '.join(_PATHS)}.")
        if path == "/readyz" and request["REQUEST_METHOD"] in {"GET", "HEAD"}:
            return self._readiness(request, start)
        return self._scrape(request, start)

    def _readiness(self, request: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        hindrances = self._hindrances()
        if hindrances:
            return _answer(request, start, "503 Service Unavailable", "\n".join(hindrances))
        return _answer(request, start, "200 OK", "ready")


def _answer(
    request: WSGIEnvironment, start: StartResponse, status: str, text: str, *headers: tuple[str, str]
) -> Iterable[bytes]:
    drain(request)
    body = f"{text}\n".encode("utf-8", "replace")
    start(status, [_PLAIN, ("Content-Length", str(len(body))), *headers])
    return [] if request["REQUEST_METHOD"] == "HEAD" else [body]
