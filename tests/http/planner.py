"""An ASGI application of a few routes, and a caller's trace."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

import telemetry
from telemetry.context import current_ids

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

PARENT = "00f067aa0ba902b7"

HEADERS = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


async def plan(request: Request) -> Response:
    """Say which span is current."""
    with telemetry.span("plan.compile_graph"):
        return JSONResponse([request.path_params.get("plan", ""), *(current_ids() or ())])


async def broken(request: Request) -> Response:
    """Fail."""
    raise LookupError("no such plan")


async def refused(request: Request) -> Response:
    """Refuse the request."""
    return PlainTextResponse("no", 404)


async def unavailable(request: Request) -> Response:
    """Be of no service."""
    return PlainTextResponse("later", 503)


ROUTES = [
    Route("/plans/{plan}", plan, methods=["GET", "POST"]),
    Route("/broken", broken),
    Route("/refused", refused),
    Route("/unavailable", unavailable),
    Mount("/v1", routes=[Route("/plans/{plan}", plan)]),
    Mount("/of/{team}", routes=[Route("/plans/{plan}", plan)]),
]
