"""The hook in httpx: each request that a client sends is a span, redirects among them.

It sits where a client hands one request to its transport, whichever that is, so HTTP/2, proxies and transports of the
application's own are seen alike. It imports httpx, and is loaded when one of its functions is first asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache, wraps
from typing import Any, final

import httpx

from telemetry._hotpath import ambient
from telemetry.errors import ConfigurationError

from . import side
from .exchange import Exchange
from .hook import Hook, Method
from .quiet import quietly
from .sending import begin, http_version, is_wanted
from .url import port_of

_METHOD = "_send_single_request"
_SENDS = "telemetry.sends"
"""The extension of a request in which its sends are counted; httpx copies it to the request of a redirect."""

_NOT_A_CLIENT = "client must be an httpx.Client or httpx.AsyncClient, or None for all"


def instrument_httpx(client: httpx.Client | httpx.AsyncClient | None = None) -> None:
    """Make each call of a client a span of its own, whose context goes into the request's headers.

    None stands for all clients, those that are there already included. A span lasts until the response's body is read
    or closed. Without a runtime a call passes through at the cost of one test.

    Raises:
        ConfigurationError: It is no client, or this release of httpx is not known here.
    """
    side.client()
    for hook in _hooks_of(client):
        hook.add(client)


def uninstrument_httpx(client: httpx.Client | httpx.AsyncClient | None = None) -> None:
    """Undo `instrument_httpx` of this client; None undoes all.

    Raises:
        ConfigurationError: It is no client.
    """
    for hook in _hooks_of(client):
        hook.remove(client)


def _hooks_of(client: Any) -> tuple[Hook, ...]:
    if client is None:
        return _blocking(), _awaited()
    if isinstance(client, httpx.Client):
        return (_blocking(),)
    if isinstance(client, httpx.AsyncClient):
        return (_awaited(),)
    raise ConfigurationError(f"{_NOT_A_CLIENT}; it is a {type(client).__name__}")


@cache
def _blocking() -> Hook:
    return Hook(httpx.Client, _METHOD, _wrap_blocking)


@cache
def _awaited() -> Hook:
    return Hook(httpx.AsyncClient, _METHOD, _wrap_awaited)


def _wrap_blocking(hook: Hook, original: Method) -> Method:
    @wraps(original)
    def send(client: httpx.Client, request: httpx.Request) -> Any:
        exchange = _begin(request) if hook.wants(client) and is_wanted() else None
        if exchange is None:
            return original(client, request)
        token = ambient.attach(exchange.values)
        try:
            response = original(client, request)
        except BaseException as error:
            exchange.fail(error)
            exchange.finish()
            raise
        finally:
            ambient.detach(token)
        _answer(exchange, response)
        response.stream = _Stream(response.stream, exchange)
        return response

    return send


def _wrap_awaited(hook: Hook, original: Method) -> Method:
    @wraps(original)
    async def send(client: httpx.AsyncClient, request: httpx.Request) -> Any:
        exchange = _begin(request) if hook.wants(client) and is_wanted() else None
        if exchange is None:
            return await original(client, request)
        token = ambient.attach(exchange.values)
        try:
            response = await original(client, request)
        except BaseException as error:
            exchange.fail(error)
            exchange.finish()
            raise
        finally:
            ambient.detach(token)
        _answer(exchange, response)
        response.stream = _AsyncStream(response.stream, exchange)
        return response

    return send


@quietly
def _begin(request: httpx.Request) -> Exchange | None:
    url = request.url
    sends = request.extensions.get(_SENDS, 0)
    request.extensions[_SENDS] = sends + 1
    port = url.port or port_of(url.scheme)
    return begin(request.method, str(url), url.host, port, request.headers, sends)


@quietly
def _answer(exchange: Exchange, response: httpx.Response) -> None:
    exchange.answer(response.status_code, http_version(response.http_version))


@final
class _Stream(httpx.SyncByteStream):
    """The body of a response; the exchange ends with it."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            for part in self._stream:
                self._exchange.touch()
                yield part
        except GeneratorExit:
            raise
        except BaseException as error:
            self._exchange.fail(error)
            self._exchange.finish()
            raise
        self._exchange.finish()

    def close(self) -> None:
        """Close the body."""
        try:
            self._stream.close()
        finally:
            self._exchange.finish()


@final
class _AsyncStream(httpx.AsyncByteStream):
    """The body of a response to an asynchronous client."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                self._exchange.touch()
                yield part
        except GeneratorExit:
            raise
        except BaseException as error:
            self._exchange.fail(error)
            self._exchange.finish()
            raise
        self._exchange.finish()

    async def aclose(self) -> None:
        """Close the body."""
        try:
            await self._stream.aclose()
        finally:
            self._exchange.finish()
