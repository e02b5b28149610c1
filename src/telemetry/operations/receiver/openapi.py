"""The description of the API (OpenAPI 3.1), made of the table of routes, so that it cannot drift."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from telemetry.version import VERSION

from .route import Parameter, Route
from .routes import ROUTES
from .schemas import COMPONENTS, a_reference
from .tokens import Role

_PROBLEM_TYPE = "application/problem+json"


def description() -> dict[str, Any]:
    """Give the document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "telemetry alerts",
            "version": VERSION,
            "description": "Receives alerts, keeps their incidents and an audit log.",
        },
        "paths": paths,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "security": [] if route.role is Role.ANYBODY else [{"token": []}],
        "parameters": [_parameter(each) for each in route.parameters],
        "responses": _responses(route),
    }
    if route.body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": route.body}}}
    return told


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "path" if parameter.is_in_path else "query",
        "required": parameter.is_in_path,
        "description": parameter.summary,
        "schema": parameter.schema,
    }


def _responses(route: Route) -> dict[str, Any]:
    schema = a_reference(route.answer) if route.answer else {"type": "string"}
    found = {"200": {"description": "Done.", "content": {route.media_type: {"schema": schema}}}}
    content = {_PROBLEM_TYPE: {"schema": a_reference("Problem")}}
    for status in sorted(refusals(route)):
        found[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    return found


def refusals(route: Route) -> set[int]:
    """Give the statuses of the problems that a route may answer with."""
    found = {400, 422, 503, *route.problems}
    if route.role is not Role.ANYBODY:
        found |= {401, 403}
    if route.method != "GET":
        found |= {403, 413, 415}
    return found
