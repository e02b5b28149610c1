"""The page that operators use: files of this package, which ask nobody else for anything."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What each answer says: nothing is kept by a proxy, framed, guessed at, or told to others."""

_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def page_routes() -> list[Route]:
    """Give the addresses of the page and its parts; they hold no data, so they are for everybody."""
    folder = files(__package__).joinpath("page")
    names = sorted(each.name for each in folder.iterdir() if each.name.rpartition(".")[2] in _TYPES)
    contents = {name: folder.joinpath(name).read_bytes() for name in names}
    return [
        Route("/" if name == "index.html" else f"/page/{name}", partial(_file, name, content), methods=["GET"])
        for name, content in contents.items()
    ]


async def _file(name: str, content: bytes, _request: Request) -> Response:
    return Response(content, headers=HEADERS, media_type=_TYPES[name.rpartition(".")[2]])
