"""Who a request is from: its token, or the session of its cookie; and whether our own page sent it."""

from __future__ import annotations

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request

from . import sessions
from .problem import Problem
from .route import Route
from .service import Service
from .tokens import LOCAL, NOBODY, Person, Role

_SAFE: Final = ("GET", "HEAD")
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="alerts"'}


async def admit(service: Service, request: Request, route: Route) -> Person:
    """Give who asks.

    Raises:
        Problem: Nobody that we know, somebody who may not, or a page of another site.
    """
    tokens = service.options.tokens
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    has_token = scheme.lower() == "bearer" and bool(token)
    if not has_token:
        _refuse_other_sites(request)
    if tokens is None:
        _refuse_other_names(request)
        return LOCAL
    person = tokens.who(token.strip())[0] if has_token else await _of_session(service, request)
    if route.role is Role.ANYBODY:
        return person
    if person is NOBODY:
        raise Problem(401, "show a token of this receiver: Authorization: Bearer …", reason="token", headers=_CHALLENGE)
    if not person.may(route.role):
        detail = f"{person.name} is {person.role.name.lower()}; this needs the role {route.role.name.lower()}"
        raise Problem(403, detail, reason="role")
    return person


async def _of_session(service: Service, request: Request) -> Person:
    value = request.cookies.get(sessions.COOKIE)
    if not value or service.options.tokens is None:
        return NOBODY
    found: Any = await service.look(lambda connection: sessions.token_hash_of(connection, value))
    return service.options.tokens.of_hash(found) if found else NOBODY


def _refuse_other_sites(request: Request) -> None:
    """Refuse a change that a page of another site sent with our cookie, or with the way to this machine."""
    if request.method in _SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_other = site not in (None, "same-origin", "none")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        is_other = True
    if is_other or (site is None and origin is None and sessions.COOKIE in request.cookies):
        raise Problem(403, "a page of another site sent this, or it does not say where from", reason="origin")


def _refuse_other_names(request: Request) -> None:
    """Refuse a name that another site made to mean this machine (DNS rebinding), where no token is asked for."""
    host = urlsplit("//" + request.headers.get("host", "")).hostname or ""
    if not is_loopback(host):
        raise Problem(
            403, f"this receiver has no tokens, and serves this machine only, not {host[:60]!r}", reason="host"
        )


def is_loopback(host: str) -> bool:
    """Tell whether an address is of this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
