"""The hook in requests: each request that a session sends is a span, redirects among them.

It sits where a session looks up the adapter of a URL. It imports requests, and is loaded when one of its functions is
first asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from functools import cache, wraps
from typing import Any, cast, final
from urllib.parse import urlsplit

import requests
from wrapt import ObjectProxy

from telemetry._hotpath import ambient
from telemetry.errors import ConfigurationError

from . import side
from .exchange import Exchange
from .hook import Hook, Method
from .quiet import quietly
from .sending import begin, is_wanted
from .url import port_of

_VERSIONS = {10: "1.0", 11: "1.1", 20: "2"}
"""What urllib3 calls the versions of HTTP."""

_NOT_A_SESSION = "session must be a requests.Session, or None for all"


def instrument_requests(session: requests.Session | None = None) -> None:
    """Make each call of a session a span of its own, whose context goes into the request's headers.

    None stands for all sessions, those that are there already and `requests.get` included. A span lasts until the
    response's body is read or closed; what urllib3 sends again by itself is part of it. Without a runtime a call
    passes through at the cost of one test.

    Raises:
        ConfigurationError: It is no session.
    """
    side.client()
    _hook_of(session).add(session)


def uninstrument_requests(session: requests.Session | None = None) -> None:
    """Undo `instrument_requests` of this session; None undoes all.

    Raises:
        ConfigurationError: It is no session.
    """
    _hook_of(session).remove(session)


def _hook_of(session: Any) -> Hook:
    if session is not None and not isinstance(session, requests.Session):
        raise ConfigurationError(f"{_NOT_A_SESSION}; it is a {type(session).__name__}")
    return _hook()


@cache
def _hook() -> Hook:
    return Hook(requests.Session, "get_adapter", _wrap)


def _wrap(hook: Hook, original: Method) -> Method:
    @wraps(original)
    def get_adapter(session: requests.Session, *args: Any, **kwargs: Any) -> Any:
        adapter = original(session, *args, **kwargs)
        return _Adapter(adapter) if hook.wants(session) and is_wanted() else adapter

    return get_adapter


@final
class _Adapter(ObjectProxy[Any]):
    """A session's adapter, in everything but that its calls are recorded."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send one request."""
        exchange = _begin(request)
        if exchange is None:
            return self.__wrapped__.send(request, *args, **kwargs)
        token = ambient.attach(exchange.values)
        try:
            response = self.__wrapped__.send(request, *args, **kwargs)
        except BaseException as error:
            exchange.fail(error)
            exchange.finish()
            raise
        finally:
            ambient.detach(token)
        _answer(exchange, response)
        return response


@quietly
def _begin(request: requests.PreparedRequest) -> Exchange | None:
    url = request.url or ""
    parts = urlsplit(url)
    port = parts.port or port_of(parts.scheme)
    headers = cast("MutableMapping[str, str]", request.headers)
    return begin(request.method or "", url, parts.hostname or "", port, headers)


@quietly
def _answer(exchange: Exchange, response: requests.Response) -> None:
    raw = response.raw
    exchange.answer(response.status_code, _VERSIONS.get(getattr(raw, "version", None) or 0, ""))
    if hasattr(raw, "stream"):
        response.raw = _Body(raw, exchange)
    else:  # an adapter of the application's own
        exchange.finish()


@final
class _Body(ObjectProxy[Any]):
    """The body of a response, in everything but that the exchange ends with it."""

    def __init__(self, raw: Any, exchange: Exchange) -> None:
        super().__init__(raw)
        self._self_exchange = exchange

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        """Give the parts of the body."""
        return self._self_parts(self.__wrapped__.stream(*args, **kwargs))

    def __iter__(self) -> Iterator[bytes]:
        return self._self_parts(iter(self.__wrapped__))

    def _self_parts(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        exchange = self._self_exchange
        try:
            for part in parts:
                exchange.touch()
                yield part
        except GeneratorExit:
            raise
        except BaseException as error:
            exchange.fail(error)
            exchange.finish()
            raise
        exchange.finish()

    def read(self, *args: Any, **kwargs: Any) -> Any:
        """Read some of the body, or the rest of it."""
        return self._self_read(self.__wrapped__.read, *args, **kwargs)

    def readinto(self, *args: Any) -> Any:
        """Read some of the body into a buffer."""
        return self._self_read(self.__wrapped__.readinto, *args)

    def _self_read(self, read: Any, *args: Any, **kwargs: Any) -> Any:
        exchange = self._self_exchange
        try:
            found = read(*args, **kwargs)
        except BaseException as error:
            exchange.fail(error)
            exchange.finish()
            raise
        exchange.touch()
        if self.__wrapped__.closed:
            exchange.finish()
        return found

    def close(self) -> None:
        """Close the body, and the connection where some of it is unread."""
        try:
            self.__wrapped__.close()
        finally:
            self._self_exchange.finish()

    def release_conn(self) -> None:
        """Give the connection back to its pool."""
        try:
            self.__wrapped__.release_conn()
        finally:
            self._self_exchange.finish()
