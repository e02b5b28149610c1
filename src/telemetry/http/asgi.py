"""The middleware for ASGI applications: each request and each websocket is a span of kind server.

It is ASGI alone and knows no framework. The span is the current one inside of the application and of the tasks that
it starts; the server's own loop never sees it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any, final

from telemetry._hotpath import ambient, switch
from telemetry.config import Incoming

from .exchange import Exchange
from .quiet import quietly
from .reception import MARK, Arrival, Reception, Route, joined
from .route import asgi_route

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

_SERVED = ("http", "websocket")
_STARTS = ("http.response.start", "websocket.http.response.start")
_PARTS = ("http.response.body", "http.response.pathsend", "http.response.zerocopysend")
"""What ends a response unless it says that more will come; the last two are extensions of ASGI."""


@final
class ASGIMiddleware:
    """Wrap an ASGI application: `app = ASGIMiddleware(app)`, or `Middleware(ASGIMiddleware)` of a framework.

    A span lasts until the last part of the response is sent, so background tasks do not lengthen it; theirs are below
    it. Without a runtime a request passes through at the cost of one test. Nothing that goes wrong in here reaches the
    application; it is counted as `http_failed`.

    Args:
        app: The application.
        incoming: What becomes of the trace that a request brings: `continue`, `link` or `refuse`; None for the
            setting `incoming`.
        trusts: Gives that for one request, from its scope; None for `incoming`.
        route: Gives the route of a request from its scope, once it has been served; by default what Starlette and
            FastAPI leave there.
        client_address: Whether spans have the address of the peer, which may be personal data.

    Raises:
        ConfigurationError: `incoming` is no mode.
    """

    __slots__ = ("_app", "_reception")

    def __init__(
        self,
        app: Application,
        *,
        incoming: Incoming | None = None,
        trusts: Callable[[Any], Incoming | None] | None = None,
        route: Route | None = None,
        client_address: bool = False,
    ) -> None:
        self._app = app
        self._reception = Reception(incoming, trusts, route or asgi_route, client_address=client_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket; a lifespan passes through."""
        exchange = self._begin(scope) if switch.recorder() is not None else None
        if exchange is None:
            await self._app(scope, receive, send)
            return
        conversation = _Conversation(exchange, receive, send)
        token = ambient.attach(exchange.values)
        try:
            await self._app(scope, conversation.receive, conversation.send)
        except BaseException as error:
            exchange.fail(error)
            raise
        finally:
            ambient.detach(token)
            exchange.finish()

    @quietly
    def _begin(self, scope: Scope) -> Exchange | None:
        if scope["type"] not in _SERVED or MARK in scope:
            return None
        scope[MARK] = True
        if isinstance(headers := scope.get("headers"), Iterator):  # any iterable will do (ASGI, HTTP, Connection Scope)
            scope["headers"] = list(headers)
        return self._reception.begin(_arrival(scope), scope)


@final
class _Conversation:
    """What the application and the server say to each other, passed on as it is, and noted."""

    __slots__ = ("_exchange", "_has_trailers", "_receive", "_send")

    def __init__(self, exchange: Exchange, receive: Receive, send: Send) -> None:
        self._exchange = exchange
        self._receive = receive
        self._send = send
        self._has_trailers = False

    async def receive(self) -> Message:
        """Give what the client sends, and note when it has gone."""
        message = await self._receive()
        self._hear(message)
        return message

    async def send(self, message: Message) -> None:
        """Send what the application says, and note the status and the end."""
        self._note(message)
        try:
            await self._send(message)
        except OSError:  # so a server says that the client has gone (ASGI, HTTP, Disconnected Client)
            self._exchange.leave("http.disconnect")
            raise
        if self._is_last(message):
            self._exchange.stop()

    @quietly
    def _hear(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.disconnect":
            self._exchange.leave(kind)
        elif kind == "websocket.disconnect":
            self._exchange.leave()

    @quietly
    def _note(self, message: Message) -> None:
        kind = message["type"]
        if kind in _STARTS:
            self._has_trailers = bool(message.get("trailers"))
            self._exchange.answer(int(message["status"]))
        elif kind == "websocket.accept":
            self._exchange.answer(101)
        elif kind == "websocket.close" and not self._exchange.is_answered:
            self._exchange.answer(403)  # what a server makes of a close before the handshake (ASGI, WebSocket, Close)

    @quietly
    def _is_last(self, message: Message) -> bool:
        kind = message["type"]
        if kind == "http.response.trailers":
            return not message.get("more_trailers")
        return kind in _PARTS and not message.get("more_body") and not self._has_trailers


def _arrival(scope: Mapping[str, Any]) -> Arrival:
    raw = scope.get("raw_path")
    return Arrival(
        method=str(scope.get("method", "GET")),
        scheme=str(scope.get("scheme", "http")),
        path=raw.decode("latin-1") if isinstance(raw, bytes) else str(scope.get("path", "")),
        query=bytes(scope.get("query_string", b"")).decode("latin-1"),
        version=str(scope.get("http_version", "")),
        headers=joined(scope.get("headers", ())),
        peer=str((scope.get("client") or ("",))[0]),
        is_websocket=scope["type"] == "websocket",
    )
