"""What strangers send to a server: traces that are not trusted, and headers that are meant to harm."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from tests.http.conftest import Spans
from tests.http.planner import HEADERS, PARENT, ROUTES, TRACE
from tests.http.servers import asgi, wait_for

from telemetry.errors import ConfigurationError
from telemetry.http import ASGIMiddleware
from telemetry.testing import Recording, isolated


@pytest.mark.parametrize(("mode", "links"), [("link", 1), ("refuse", 0)])
def test_a_peer_that_is_not_trusted_does_not_get_its_trace_continued(
    recording: Recording, spans: Spans, mode: Any, links: int
) -> None:
    """`link` begins a trace that points at the caller's, `refuse` one that knows nothing of it."""
    with asgi(ASGIMiddleware(Starlette(routes=ROUTES), incoming=mode)) as url:
        httpx.get(f"{url}/refused", headers=HEADERS)
    (server,) = spans(1)
    assert server.parent_span_id is None and f"{server.trace_id:032x}" != TRACE
    assert [f"{link.trace_id:032x}-{link.span_id:016x}" for link in server.links] == [f"{TRACE}-{PARENT}"] * links


def test_trust_is_decided_for_each_request(recording: Recording, spans: Spans) -> None:
    """`trusts` sees the scope; None is the default, and what raises or gives nonsense is refused and counted."""

    def trusts(scope: Any) -> Any:
        return {"/friend": "continue", "/guest": "link", "/other": None, "/odd": "always"}[scope["path"]]

    with asgi(ASGIMiddleware(Starlette(), trusts=trusts, incoming="refuse")) as url:
        for path in ("friend", "guest", "other", "odd", "nobody"):
            httpx.get(f"{url}/{path}", headers=HEADERS)
    found = {str(span.attributes["url.path"]): span for span in spans(5)}
    assert f"{found['/friend'].trace_id:032x}" == TRACE
    assert len(found["/guest"].links) == 1
    for path in ("/other", "/odd", "/nobody"):
        assert found[path].parent_span_id is None and not found[path].links
    assert recording.losses["http_failed"] == 2


def test_the_setting_holds_where_nothing_else_is_said() -> None:
    """`incoming` of the settings is the default of every middleware."""
    with isolated(incoming="refuse") as recording, asgi(ASGIMiddleware(Starlette())) as url:
        httpx.get(url, headers=HEADERS)
        wait_for(lambda: recording.spans)
        assert recording.spans[0].parent_span_id is None


def test_a_mode_that_does_not_exist_is_refused_at_once() -> None:
    """A wrong word is told where it is written, with those that exist."""
    with pytest.raises(ConfigurationError, match="continue, link, refuse"):
        ASGIMiddleware(Starlette(), incoming="trust")  # type: ignore[arg-type]


HOSTILE = (
    b"traceparent: 00-00000000000000000000000000000000-0000000000000000-01\r\n",
    b"traceparent: 00-%s-%s-01\r\n" % (TRACE.encode(), PARENT.encode()) * 2,
    b"TraceParent: " + b"f" * 9000 + b"\r\n",
    b"tracestate: " + b"a=b," * 2000 + b"\r\nbaggage: " + b" ," * 4000 + b"\r\n",
    b"baggage: \xff\xfe=\x80\r\nuser-agent: \xff\r\n",
)


@pytest.mark.parametrize("lines", HOSTILE)
def test_hostile_headers_harm_nobody(recording: Recording, spans: Spans, lines: bytes) -> None:
    """Whatever stands in the headers, the application answers and the span is recorded."""
    with asgi(ASGIMiddleware(Starlette(routes=ROUTES))) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = b"GET /refused?" + b"q" * 5000 + b" HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n"
            connection.sendall(head + lines + b"\r\n")
            assert connection.recv(12) == b"HTTP/1.1 404"
        (server,) = spans(1)
    assert server.name == "GET /refused"
    assert "server.address" not in server.attributes
    assert len(str(server.attributes["url.query"])) == 2048
    assert recording.losses.get("http_failed", 0) == 0


@pytest.mark.parametrize(
    "headers",
    [
        [(b"traceparent", HEADERS["traceparent"].encode())],
        [("TraceParent", HEADERS["traceparent"])],
        [(b"traceparent", HEADERS["traceparent"].encode()), (None, 3), ("x", object())],
    ],
)
def test_headers_are_read_as_bytes_or_text(recording: Recording, spans: Spans, headers: Any) -> None:
    """Servers differ in what they pass; what is neither bytes nor text is left out."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("ok")(scope, receive, send)

    async def send(message: Any) -> None:
        """Take the answer."""

    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    asyncio.run(ASGIMiddleware(app)(scope, send, send))  # type: ignore[arg-type]
    (server,) = spans(1)
    assert f"{server.trace_id:032x}" == TRACE


def test_the_address_of_the_peer_is_recorded_only_when_asked(recording: Recording, spans: Spans) -> None:
    """It may be personal data."""
    with asgi(ASGIMiddleware(Starlette(), client_address=True)) as url:
        httpx.get(url)
    assert spans(1)[0].attributes["client.address"] == "127.0.0.1"
