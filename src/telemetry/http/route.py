"""Routes of requests: the path's template, which is what spans are named by, for it has few values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def asgi_route(scope: Mapping[str, Any]) -> str | None:
    """Read the route that Starlette, FastAPI and what is built on them leave in the scope; None where there is none.

    Where they mount one application in another, the path of the mount comes before it, unless that has parameters of
    its own: their values, and not their names, are what the scope still knows then.
    """
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    if not isinstance(template, str):
        return None
    if hasattr(route, "routes"):  # a mount, of an application that has no routes
        template = "/{path}"
    parameters = scope.get("path_params") or {}
    is_fixed = all(f"{{{name}" in template for name in parameters)
    return f"{scope.get('root_path', '').rstrip('/')}{template}" if is_fixed else template


def no_route(environ: Mapping[str, Any]) -> None:
    """Know no route: WSGI has no place for it."""
    del environ
