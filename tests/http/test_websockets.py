"""Websockets under the middleware, spoken by ASGI's own messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.http.conftest import Spans

import telemetry
from telemetry.http import ASGIMiddleware
from telemetry.testing import Recording

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SCOPE = {
    "type": "websocket",
    "path": "/logs",
    "scheme": "ws",
    "http_version": "1.1",
    "headers": [(b"host", b"planner"), (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())],
}


class WentAwayError(Exception):
    """What frameworks raise when a client has gone."""


async def chats(scope: Any, receive: Any, send: Any) -> None:
    """Accept, work, and leave when the client does."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    with telemetry.span("plan.compile_graph"):
        await send({"type": "websocket.send", "text": "x"})
    if (await receive())["type"] == "websocket.disconnect" and scope.get("raises"):
        raise WentAwayError


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    """Close before the handshake."""
    await send({"type": "websocket.close"})


async def denies(scope: Any, receive: Any, send: Any) -> None:
    """Answer as to an ordinary request."""
    await send({"type": "websocket.http.response.start", "status": 503, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


def serve(app: Callable[..., Any], **more: Any) -> None:
    """Play the server, whose client connects and goes away."""
    messages = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        """Take it."""

    asyncio.run(ASGIMiddleware(app)({**SCOPE, **more}, receive, send))


def test_a_connection_is_one_span(recording: Recording, spans: Spans) -> None:
    """It lasts until the application is done with it, and no duration of a request is measured."""
    serve(chats)
    server, inner = spans(2)
    assert (server.name, server.kind, server.status) == ("GET", "server", "unset")
    assert f"{server.trace_id:032x}" == TRACE and inner.parent_span_id == server.span_id
    assert server.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 101,
        "network.protocol.name": "websocket",
        "network.protocol.version": "1.1",
        "server.address": "planner",
        "server.port": 80,
        "url.path": "/logs",
        "url.scheme": "ws",
    }
    assert recording.metrics == {}
    assert recording.losses == {}


def test_a_client_that_leaves_is_no_error(recording: Recording, spans: Spans) -> None:
    """What is raised because the client has gone is told, and is no failure of the server."""
    with pytest.raises(WentAwayError):
        serve(chats, raises=True)
    server = spans(2)[0]
    assert (server.status, server.events) == ("unset", ())
    assert str(server.attributes["error.type"]).endswith("WentAwayError")


@pytest.mark.parametrize(("app", "code", "status"), [(refuses, 403, "unset"), (denies, 503, "error")])
def test_a_refused_handshake_has_its_status(
    recording: Recording, spans: Spans, app: Callable[..., Any], code: int, status: str
) -> None:
    """A close before the handshake is what servers make a 403 of; an application may answer for itself."""
    serve(app)
    (server,) = spans(1)
    assert (server.attributes["http.response.status_code"], server.status) == (code, status)
