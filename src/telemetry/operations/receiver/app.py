"""The receiver as an ASGI application: each request is admitted, read, handled, answered with JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from .admission import admit
from .document import HEADERS, page_routes
from .openapi import description
from .options import Options
from .problem import Problem
from .reading import read_body, read_values
from .route import Call, Route
from .routes import ROUTES
from .service import Service
from .sessions import COOKIE

_PROBLEM_TYPE: Final = "application/problem+json"


def application(options: Options) -> Starlette:
    """Make the application.

    Raises:
        ConfigurationError: The database cannot be opened.
    """
    service = Service(options)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        """Work from the start of the server to its end."""
        service.start()
        yield
        service.close()

    paths = [Path(each.path, partial(_answer, service, each), methods=[each.method]) for each in ROUTES]
    paths.append(Path("/openapi.json", partial(_describe, description()), methods=["GET"]))
    refused: Callable[[Request, Any], Awaitable[Response]] = partial(_refuse_request, service)
    return Starlette(routes=[*paths, *page_routes()], lifespan=lifespan, exception_handlers={HTTPException: refused})


async def _answer(service: Service, route: Route, request: Request) -> Response:
    try:
        person = await admit(service, request, route)
        values = read_values(route, request.path_params, request.query_params)
        body = await read_body(request, route)
        found = await route.handler(Call(service, person, values, body, request.cookies.get(COOKIE, "")))
    except Problem as problem:
        return _refusal(service, problem)
    answer = found if isinstance(found, Response) else JSONResponse(found)
    answer.headers.update(HEADERS)
    return answer


async def _describe(document: dict[str, Any], _request: Request) -> Response:
    return JSONResponse(document, headers=HEADERS)


async def _refuse_request(service: Service, request: Request, error: HTTPException) -> Response:
    """Say what Starlette refuses in the form of all refusals: an unknown address, a wrong method."""
    reason = {404: "missing", 405: "method"}.get(error.status_code, "request")
    detail = f"there is no {request.method} {request.url.path[:100]}; see /openapi.json"
    return _refusal(service, Problem(error.status_code, detail, reason=reason, headers=dict(error.headers or {})))


def _refusal(service: Service, problem: Problem) -> Response:
    service.meters.refused(problem.reason)
    headers = {**HEADERS, **problem.headers}
    return JSONResponse(problem.document(), problem.status, headers, media_type=_PROBLEM_TYPE)
