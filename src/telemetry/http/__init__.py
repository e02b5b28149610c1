"""HTTP: servers continue the trace of their callers, and each outgoing call is a span of its own."""

from __future__ import annotations

from telemetry.door import deferred as _deferred

from .asgi import ASGIMiddleware
from .wsgi import WSGIMiddleware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .httpx import instrument_httpx, uninstrument_httpx
    from .requests import instrument_requests, uninstrument_requests
else:
    __getattr__ = _deferred(
        __name__,
        httpx="instrument_httpx uninstrument_httpx",
        requests="instrument_requests uninstrument_requests",
    )

__all__ = (
    "ASGIMiddleware",
    "WSGIMiddleware",
    "instrument_httpx",
    "instrument_requests",
    "uninstrument_httpx",
    "uninstrument_requests",
)
