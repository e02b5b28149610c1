"""The middleware for ASGI, in uvicorn, asked over real connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import requests
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.http.conftest import Spans
from tests.http.planner import HEADERS, PARENT, ROUTES, TRACE
from tests.http.servers import asgi

import telemetry
from telemetry.http import ASGIMiddleware
from telemetry.signals import Distribution
from telemetry.testing import Recording


def test_a_request_continues_the_trace_of_its_caller(recording: Recording, spans: Spans) -> None:
    """The server's span lies below the caller's, what the application does below it; attributes are the standard's."""
    with asgi(ASGIMiddleware(Starlette(routes=ROUTES))) as url:
        answer = httpx.get(f"{url}/plans/7?part=2&sig=s3cr3t", headers={**HEADERS, "user-agent": "planner/1"})
    server, inner = spans(2)
    assert answer.json()[0] == "7"
    assert (server.name, server.kind, server.status) == ("GET /plans/{plan}", "server", "unset")
    assert (f"{server.trace_id:032x}", f"{server.parent_span_id:016x}") == (TRACE, PARENT)
    assert server.parent_is_remote
    assert (inner.parent_span_id, inner.trace_id) == (server.span_id, server.trace_id)
    assert server.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/plans/{plan}",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": int(url.rpartition(":")[2]),
        "url.path": "/plans/7",
        "url.query": "part=2&sig=REDACTED",
        "url.scheme": "http",
        "user_agent.original": "planner/1",
    }
    assert server.scope is not None and server.scope.name == "telemetry.http"
    assert recording.losses == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/plans/7", "GET /v1/plans/{plan}"),
        ("/of/red/plans/7", "GET /plans/{plan}"),
        ("/nowhere/7", "GET"),
    ],
)
def test_names_have_few_values(recording: Recording, spans: Spans, path: str, name: str) -> None:
    """A name has the template of the path and never a value out of it; without a route it is the method."""
    with asgi(ASGIMiddleware(Starlette(routes=ROUTES))) as url:
        httpx.get(url + path)
    assert spans(1 if path == "/nowhere/7" else 2)[0].name == name


def test_an_unknown_method_is_one_label(recording: Recording, spans: Spans) -> None:
    """A method that a stranger made up is `_OTHER`, and its text stays beside it."""
    with asgi(ASGIMiddleware(Starlette(routes=ROUTES))) as url:
        httpx.request("BREW", f"{url}/refused")
    (server,) = spans(1)
    assert server.name == "HTTP /refused"
    assert server.attributes["http.request.method"] == "_OTHER"
    assert server.attributes["http.request.method_original"] == "BREW"


@pytest.mark.parametrize(
    ("path", "status", "code", "error"),
    [
        ("/refused", "unset", 404, None),
        ("/unavailable", "error", 503, "503"),
        ("/broken", "error", 500, "LookupError"),
    ],
)
def test_only_what_the_server_did_wrong_is_an_error(
    recording: Recording, spans: Spans, path: str, status: str, code: int, error: str | None
) -> None:
    """A 404 is the client's; a 503 and an exception are errors of the span, the exception with its event."""
    with asgi(ASGIMiddleware(Starlette(routes=ROUTES))) as url:
        assert httpx.get(url + path).status_code == code
    (server,) = spans(1)
    assert (server.status, server.attributes["http.response.status_code"]) == (status, code)
    assert server.attributes.get("error.type") == error
    assert [event.name for event in server.events] == (["exception"] if path == "/broken" else [])


def test_durations_and_active_requests_are_measured(recording: Recording, spans: Spans) -> None:
    """The histogram has the span's own duration under the standard's labels and buckets; active is zero afterwards."""
    active = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        family = recording.metrics["http.server.active_requests"]
        active.append(family.series[0].value)
        await PlainTextResponse("ok")(scope, receive, send)

    with asgi(ASGIMiddleware(app, route=lambda scope: "/all")) as url:
        httpx.get(url)
    (server,) = spans(1)
    family = recording.metrics["http.server.request.duration"]
    assert active == [1.0]
    assert recording.metrics["http.server.active_requests"].series[0].value == 0.0
    assert (family.unit, family.bounds[0], family.bounds[-1], len(family.bounds)) == ("s", 0.005, 10.0, 14)
    (series,) = family.series
    assert isinstance(series.value, Distribution) and series.value.count == 1
    assert series.value.sum == pytest.approx((server.end_ns - server.start_ns) * 1e-9)
    labels = {name: value for name, value in zip(family.labels, series.labels, strict=True) if "scope" not in name}
    assert labels == {
        "http_request_method": "GET",
        "http_response_status_code": "200",
        "http_route": "/all",
        "network_protocol_version": "1.1",
        "url_scheme": "http",
    }
    assert series.exemplars[0].span_id == server.span_id


def test_a_span_ends_with_the_last_part_of_the_body(recording: Recording, spans: Spans) -> None:
    """A streamed body is inside of the span; a background task is after it, and its spans are still below it."""
    seen = []

    async def parts() -> AsyncIterator[bytes]:
        for number in range(3):
            with telemetry.span("codegen.lower"):
                await asyncio.sleep(0)
            seen.append(len(recording.spans))
            yield b"%d" % number

    async def afterwards() -> None:
        seen.append(len(recording.spans))
        with telemetry.span("distribute.package"):
            pass

    async def stream(request: Request) -> Response:
        return StreamingResponse(parts(), background=BackgroundTask(afterwards))

    with asgi(ASGIMiddleware(Starlette(routes=[Route("/stream", stream)]))) as url:
        assert httpx.get(f"{url}/stream").text == "012"
        found = spans(5)
    server = found[0]
    assert [span.name for span in found[1:]] == ["codegen.lower"] * 3 + ["distribute.package"]
    assert {span.parent_span_id for span in found[1:]} == {server.span_id}
    assert seen == [1, 2, 3, 4]
    assert found[3].end_ns <= server.end_ns <= found[4].start_ns


def test_the_span_is_current_in_tasks_and_gone_afterwards(recording: Recording, spans: Spans) -> None:
    """Tasks of a request inherit its span; the task that served it has none before and after, on one connection."""
    around: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def work() -> None:
            with telemetry.span("codegen.lower"):
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(work())
        await PlainTextResponse("ok")(scope, receive, send)

    middleware = ASGIMiddleware(app)

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        around.append(telemetry.current_span())
        await middleware(scope, receive, send)
        around.append(telemetry.current_span())

    with asgi(outer) as url, httpx.Client() as client:
        client.get(url)
        client.get(url)
        found = spans(6)
    assert around == [None] * 4
    servers = [span for span in found if span.kind == "server"]
    assert {span.parent_span_id for span in servers} == {None}
    assert len({span.trace_id for span in servers}) == 2
    for server in servers:
        assert len([span for span in found if span.parent_span_id == server.span_id]) == 2


def test_a_server_started_in_a_span_gives_it_to_no_request(recording: Recording, spans: Spans) -> None:
    """What is current where the server was started, baggage included, is no parent of a stranger's request."""
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(telemetry.context.get_baggage()))
        await PlainTextResponse("ok")(scope, receive, send)

    middleware = ASGIMiddleware(app)

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        telemetry.context.set_baggage("tenant", "ours")
        with telemetry.span("plan.compile_graph"):
            await middleware(scope, receive, send)

    with asgi(inside) as url:
        httpx.get(url)
        first, second = spans(2)
    assert (first.name, second.kind, second.parent_span_id) == ("plan.compile_graph", "server", None)
    assert seen == [{}]


def test_a_hundred_requests_at_once_each_have_their_parent(recording: Recording, spans: Spans) -> None:
    """Under load no request takes another one's parent, nor does what it does inside."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with telemetry.span("codegen.lower"):
            await asyncio.sleep(0.001)
        await PlainTextResponse("ok")(scope, receive, send)

    async def ask(url: str) -> None:
        limits = httpx.Limits(max_connections=20)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client, asyncio.TaskGroup() as group:
            for number in range(1, 101):
                headers = {"traceparent": f"00-{number:032x}-{number:016x}-01"}
                group.create_task(client.get(f"{url}/{number}", headers=headers))

    with asgi(ASGIMiddleware(app)) as url:
        asyncio.run(ask(url))
        found = spans(200)
    servers = {span.span_id: span for span in found if span.kind == "server"}
    assert sorted(span.trace_id for span in servers.values()) == list(range(1, 101))
    for span in servers.values():
        assert span.parent_span_id == span.trace_id
        assert span.attributes["url.path"] == f"/{span.trace_id}"
    for span in (span for span in found if span.kind != "server"):
        assert span.parent_span_id is not None
        assert servers[span.parent_span_id].trace_id == span.trace_id


def test_without_a_runtime_everything_passes_through() -> None:
    """The application gets the very objects of the server, and nothing is recorded."""
    seen = []

    async def app(*given: Any) -> None:
        seen.append(given)

    scope, receive, send = {"type": "http"}, object(), object()
    asyncio.run(ASGIMiddleware(app)(scope, receive, send))  # type: ignore[arg-type]
    assert seen == [(scope, receive, send)] and scope == {"type": "http"}


def test_a_lifespan_is_left_alone(recording: Recording) -> None:
    """Start-up and shut-down run as without the middleware, outside of every span."""
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        while True:
            message = await receive()
            seen.append((message["type"], telemetry.current_span()))
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    with asgi(ASGIMiddleware(app), runs_lifespan=True):
        pass
    assert seen == [("lifespan.startup", None), ("lifespan.shutdown", None)]
    assert recording.spans == []


def test_a_client_that_goes_away_is_no_error(recording: Recording, spans: Spans) -> None:
    """The span of a request whose client has gone ends with the application, says so, and is no failure."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ConnectionError("whom to send the rest to?")

    with asgi(ASGIMiddleware(app)) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: planner\r\n\r\n")
            assert connection.recv(1)
        (server,) = spans(1)
    assert server.status == "unset"
    assert server.attributes["error.type"] == "ConnectionError"
    assert [event.name for event in server.events] == ["http.disconnect"]


def test_an_application_that_does_not_answer_has_failed(recording: Recording, spans: Spans) -> None:
    """It sent no status, so the span has none, and says why."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        return None

    with asgi(ASGIMiddleware(app)) as url:
        assert httpx.get(url).status_code == 500
    (server,) = spans(1)
    assert (server.status, server.attributes["error.type"]) == ("error", "no_response")
    assert "http.response.status_code" not in server.attributes


def test_nesting_the_middleware_serves_a_request_once(recording: Recording, spans: Spans) -> None:
    """An application that has the middleware twice has one span a request."""
    with asgi(ASGIMiddleware(ASGIMiddleware(Starlette(routes=ROUTES)))) as url:
        httpx.get(f"{url}/refused")
        httpx.get(f"{url}/refused")
        spans(2)


def test_a_route_that_fails_costs_only_itself(recording: Recording, spans: Spans) -> None:
    """A `route` that raises is counted; the request is answered and its span ends."""
    with asgi(ASGIMiddleware(Starlette(routes=ROUTES), route=lambda scope: scope["nothing"])) as url:
        assert requests.get(f"{url}/refused", timeout=10).status_code == 404
    (server,) = spans(1)
    assert (server.name, server.attributes["http.response.status_code"]) == ("GET", 404)
    assert recording.losses["http_failed"] == 1


def test_headers_that_can_be_read_once_reach_the_application(recording: Recording, spans: Spans) -> None:
    """ASGI lets headers be any iterable: the span continues the trace of the request, and the application has them."""
    lines = [(b"host", b"planner"), (b"traceparent", HEADERS["traceparent"].encode())]
    given: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        return None

    scope = {"type": "http", "method": "GET", "path": "/", "headers": iter(lines)}
    asyncio.run(ASGIMiddleware(app)(scope, receive, send))
    assert given == lines
    (server,) = spans(1)
    assert f"{server.trace_id:032x}" == TRACE
    assert server.attributes["server.address"] == "planner"
