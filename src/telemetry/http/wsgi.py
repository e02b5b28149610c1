"""The middleware for WSGI applications (PEP 3333): each request is a span of kind server.

The span is the current one while the application runs and while each part of the body is made; between the parts the
thread is the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, final
from urllib.parse import quote

from telemetry._hotpath import ambient, switch
from telemetry.config import Incoming

from .exchange import Exchange
from .quiet import quietly
from .reception import MARK, Arrival, Reception, Route, joined
from .route import no_route

Environ = MutableMapping[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Any, Any], Iterable[bytes]]

_SAFE = "/!$&'()*+,;=:@-._~%"
"""What stands in a path as it is (RFC 3986, §3.3), and the escapes that it may have already."""


@final
class WSGIMiddleware:
    """Wrap a WSGI application: `app = WSGIMiddleware(app)`.

    A span lasts until the body is given in full, or closed. A body that is the server's own `wsgi.file_wrapper` goes
    to the server untouched, which may send it by the kernel; its span ends when the application has returned it.
    Without a runtime a request passes through at the cost of one test. Nothing that goes wrong in here reaches the
    application; it is counted as `http_failed`.

    Args:
        app: The application.
        incoming: What becomes of the trace that a request brings: `continue`, `link` or `refuse`; None for the
            setting `incoming`.
        trusts: Gives that for one request, from its environ; None for `incoming`.
        route: Gives the route of a request from its environ, once it has been served; WSGI has no place for it.
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
        self._reception = Reception(incoming, trusts, route or no_route, client_address=client_address)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        exchange = self._begin(environ) if switch.recorder() is not None else None
        if exchange is None:
            return self._app(environ, start_response)
        token = ambient.attach(exchange.values)
        try:
            body = self._app(environ, _noting(exchange, start_response))
        except BaseException as error:
            exchange.fail(error)
            exchange.finish()
            raise
        finally:
            ambient.detach(token)
        if _is_file(body, environ):
            exchange.finish()
            return body
        return _SizedBody(body, exchange) if hasattr(body, "__len__") else _Body(body, exchange)

    @quietly
    def _begin(self, environ: Environ) -> Exchange | None:
        if MARK in environ:
            return None
        environ[MARK] = True
        return self._reception.begin(_arrival(environ), environ)


class _Body:
    """The parts of a response, each made with the span being current, and whatever the application left current."""

    __slots__ = ("_exchange", "_parts", "_values", "_whole")

    def __init__(self, whole: Iterable[bytes], exchange: Exchange) -> None:
        self._whole = whole
        self._exchange = exchange
        self._values: Mapping[str, Any] = exchange.values
        self._parts: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part: bytes = self._within(self._next)
        except StopIteration:
            self._exchange.finish()
            raise
        except BaseException as error:
            self._exchange.fail(error)
            self._exchange.finish()
            raise
        return part

    def close(self) -> None:
        """Close the application's body, as PEP 3333 asks of a server, and end the span."""
        try:
            self._within(getattr(self._whole, "close", _nothing))
        except BaseException as error:
            self._exchange.fail(error)
            raise
        finally:
            self._exchange.finish()

    def _next(self) -> bytes:
        if self._parts is None:
            self._parts = iter(self._whole)
        part = next(self._parts)
        self._exchange.touch()
        return part

    def _within(self, step: Callable[[], Any]) -> Any:
        token = ambient.attach(self._values)
        try:
            return step()
        finally:
            self._values = ambient.current()
            ambient.detach(token)


@final
class _SizedBody(_Body):
    """A body whose number of parts is known, from which a server may tell the length of the response."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._whole)  # type: ignore[arg-type]  # whoever makes it has looked


def _nothing() -> None:
    """Stand in for a body's own `close`."""


def _noting(exchange: Exchange, start_response: StartResponse) -> StartResponse:
    """Pass `start_response` on, and note the status; of several the last that the server takes."""

    def start(status: str, headers: Any, *rest: Any, **named: Any) -> Any:
        write = start_response(status, headers, *rest, **named)
        _answer(exchange, status)
        return write

    return start


@quietly
def _answer(exchange: Exchange, status: str) -> None:
    exchange.answer(int(status[:3]))


@quietly
def _is_file(body: Any, environ: Mapping[str, Any]) -> bool:
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(body, wrapper)


def _arrival(environ: Mapping[str, Any]) -> Arrival:
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    lines = ((name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_"))
    return Arrival(
        method=str(environ.get("REQUEST_METHOD", "GET")),
        scheme=str(environ.get("wsgi.url_scheme", "http")),
        path=quote(path.encode("latin-1", "replace"), safe=_SAFE),
        query=str(environ.get("QUERY_STRING", "")),
        version=str(environ.get("SERVER_PROTOCOL", "")).removeprefix("HTTP/"),
        headers=joined(lines),
        peer=str(environ.get("REMOTE_ADDR", "")),
    )
