"""The middleware for WSGI, in wsgiref with threads, asked over real connections."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.util import FileWrapper

import httpx
import pytest
from tests.http.conftest import Spans
from tests.http.servers import wsgi

import telemetry
from telemetry.http import WSGIMiddleware
from telemetry.testing import Recording

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
HEADERS = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


def plain(environ: Any, start_response: Any) -> list[bytes]:
    """Answer with one part, from inside of a span."""
    with telemetry.span("plan.compile_graph"):
        start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"planned"]


def test_a_request_continues_the_trace_of_its_caller(recording: Recording, spans: Spans) -> None:
    """The server's span lies below the caller's, what the application does below it; attributes are the standard's."""
    with wsgi(WSGIMiddleware(plain, route=lambda environ: "/plans/{plan}")) as url:
        answer = httpx.get(f"{url}/plans/ä%207?sig=s3cr3t", headers={**HEADERS, "user-agent": "planner/1"})
    server, inner = spans(2)
    assert (answer.text, answer.headers["content-length"]) == ("planned", "7")
    assert (server.name, server.kind, server.status) == ("GET /plans/{plan}", "server", "unset")
    assert (f"{server.trace_id:032x}", f"{server.parent_span_id:016x}") == (TRACE, PARENT)
    assert (inner.parent_span_id, inner.trace_id) == (server.span_id, server.trace_id)
    assert server.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/plans/{plan}",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": int(url.rpartition(":")[2]),
        "url.path": "/plans/%C3%A4%207",
        "url.query": "sig=REDACTED",
        "url.scheme": "http",
        "user_agent.original": "planner/1",
    }
    durations = recording.metrics["http.server.request.duration"].series[0].value
    assert getattr(durations, "count", None) == 1
    assert recording.metrics["http.server.active_requests"].series[0].value == 0.0
    assert recording.losses == {}


def streamed(environ: Any, start_response: Any) -> Iterator[bytes]:
    """Answer from a generator, with a span that lasts over several parts."""
    start_response("200 OK", [])
    with telemetry.span("codegen.lower"):
        yield b"1"
        with telemetry.span("plan.compile_graph"):
            yield b"2"
    with telemetry.span("distribute.package"):
        yield b"3"


def test_every_part_of_a_generator_is_made_under_the_span(recording: Recording, spans: Spans) -> None:
    """Spans that are open over several parts keep their place, and the server's thread sees none between the parts."""
    between = []
    application = WSGIMiddleware(streamed)

    def outer(environ: Any, start_response: Any) -> Iterator[bytes]:
        for part in application(environ, start_response):
            between.append(telemetry.current_span())
            yield part

    with wsgi(outer) as url:
        assert httpx.get(url).content == b"123"
    server, lower, emit, package = spans(4)
    assert [span.name for span in (server, lower, emit, package)] == [
        "GET",
        "codegen.lower",
        "plan.compile_graph",
        "distribute.package",
    ]
    assert (lower.parent_span_id, emit.parent_span_id) == (server.span_id, lower.span_id)
    assert package.parent_span_id == server.span_id
    assert server.end_ns >= package.end_ns
    assert between == [None] * 3


class _Closing:
    """A body that fails where it is told to, and notes its end."""

    def __init__(self, fails: bool) -> None:
        self.fails = fails
        self.closed_in: Any = None

    def __iter__(self) -> Iterator[bytes]:
        yield b"x"
        if self.fails:
            raise LookupError("halfway")

    def close(self) -> None:
        """Note which span is current."""
        self.closed_in = telemetry.current_span()


@pytest.mark.parametrize("fails", [False, True])
def test_a_body_is_closed_under_the_span(recording: Recording, spans: Spans, fails: bool) -> None:
    """`close` of the application's body is called once the body is over, failed or not, with the span being current."""
    body = _Closing(fails)

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return body

    given = WSGIMiddleware(app)({"REQUEST_METHOD": "GET"}, lambda *_: None)
    if fails:
        with pytest.raises(LookupError):
            list(given)
    else:
        assert list(given) == [b"x"]
    given.close()  # type: ignore[attr-defined]
    (server,) = spans(1)
    assert body.closed_in is not None and body.closed_in.span_id == server.span_id
    assert (server.status, server.attributes.get("error.type")) == (
        ("error", "LookupError") if fails else ("unset", None)
    )


def test_a_body_that_is_closed_early_is_no_failure(recording: Recording, spans: Spans) -> None:
    """A server whose client has gone closes the body: the span ends there."""
    given = WSGIMiddleware(streamed)({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert next(iter(given)) == b"1"
    assert recording.spans == []
    given.close()  # type: ignore[attr-defined]
    server, lower = spans(2)
    assert (server.status, lower.parent_span_id) == ("unset", server.span_id)


def again(environ: Any, start_response: Any) -> list[bytes]:
    """Change its mind, as PEP 3333 allows with `exc_info`."""
    import sys

    start_response("200 OK", [])
    try:
        raise LookupError("after all")
    except LookupError:
        start_response("503 Service Unavailable", [], sys.exc_info())
    return [b"later"]


def test_the_last_status_counts(recording: Recording, spans: Spans) -> None:
    """An application may replace its status until the first part is sent."""
    with wsgi(WSGIMiddleware(again)) as url:
        assert httpx.get(url).status_code == 503
    (server,) = spans(1)
    assert (server.status, server.attributes["http.response.status_code"]) == ("error", 503)


def test_the_write_of_old_applications_passes_through(recording: Recording, spans: Spans) -> None:
    """`start_response` gives the server's own `write`."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])(b"ab")
        return []

    with wsgi(WSGIMiddleware(app)) as url:
        assert httpx.get(url).content == b"ab"
    assert spans(1)[0].attributes["http.response.status_code"] == 200


def failing(environ: Any, start_response: Any) -> list[bytes]:
    """Fail before anything is said."""
    raise LookupError("no such plan")


def silent(environ: Any, start_response: Any) -> list[bytes]:
    """Say nothing."""
    return []


@pytest.mark.parametrize(("app", "error"), [(failing, "LookupError"), (silent, "no_response")])
def test_what_fails_is_an_error(recording: Recording, spans: Spans, app: Callable[..., Any], error: str) -> None:
    """An exception and a missing answer are errors, and the server answers 500 as it would without us."""
    with wsgi(WSGIMiddleware(app)) as url:
        assert httpx.get(url).status_code == 500
    (server,) = spans(1)
    assert (server.status, server.attributes["error.type"]) == ("error", error)


def test_a_file_goes_to_the_server_as_it_is(recording: Recording, spans: Spans) -> None:
    """The server's own file wrapper stays its own, so that it may let the kernel send the file."""
    files = []

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        files.append(environ["wsgi.file_wrapper"](io.BytesIO(b"binary")))
        return files[0]

    given = WSGIMiddleware(app)({"REQUEST_METHOD": "GET", "wsgi.file_wrapper": FileWrapper}, lambda *_: None)
    assert given is files[0]
    spans(1)


@pytest.mark.parametrize(("mode", "links"), [("continue", 0), ("link", 1), ("refuse", 0)])
def test_a_peer_is_trusted_as_the_application_says(recording: Recording, spans: Spans, mode: Any, links: int) -> None:
    """`trusts` sees the environ and decides what becomes of the caller's trace."""

    def trusts(environ: Any) -> Any:
        return mode if environ["HTTP_X_PEER"] == "ci" else None

    with wsgi(WSGIMiddleware(plain, trusts=trusts)) as url:
        httpx.get(url, headers={**HEADERS, "x-peer": "ci"})
    server = spans(2)[0]
    assert (f"{server.trace_id:032x}" == TRACE) is (mode == "continue")
    assert len(server.links) == links


def test_a_hundred_requests_at_once_each_have_their_parent(recording: Recording, spans: Spans) -> None:
    """Threads of a server do not mix up their requests."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        with telemetry.span("codegen.lower"):
            yield threading.current_thread().name.encode()

    def ask(number: int) -> None:
        headers = {"traceparent": f"00-{number:032x}-{number:016x}-01"}
        client.get(f"{url}/{number}", headers=headers)

    with wsgi(WSGIMiddleware(app)) as url, httpx.Client(timeout=30) as client, ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(1, 101)))
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
    """The application gets the server's own objects, and its body comes back as it is."""
    environ = {"REQUEST_METHOD": "GET"}
    seen: list[Any] = []

    def app(*given: Any) -> Any:
        seen.append(given)
        return seen

    start = object()
    assert WSGIMiddleware(app)(environ, start) is seen  # type: ignore[arg-type]
    assert seen == [(environ, start)] and environ == {"REQUEST_METHOD": "GET"}


def test_an_environ_of_odd_values_harms_nobody(recording: Recording, spans: Spans) -> None:
    """What a broken server puts there is left out or counted; the application answers."""
    environ = {"REQUEST_METHOD": None, "PATH_INFO": "\udcff", "HTTP_TRACEPARENT": 7, "HTTP_HOST": "\x00", 3: 4}
    assert list(WSGIMiddleware(plain)(environ, lambda *_: None)) == [b"planned"]  # type: ignore[arg-type]
    assert {span.name for span in recording.spans} >= {"plan.compile_graph"}
