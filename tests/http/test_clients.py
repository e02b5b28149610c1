"""The hooks in httpx and requests, against servers on this host that answer as told."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from tests.http.answers import PART, Server
from tests.http.conftest import Spans

import telemetry
from telemetry.errors import ConfigurationError
from telemetry.http import instrument_httpx, instrument_requests, uninstrument_httpx, uninstrument_requests
from telemetry.signals import Distribution
from telemetry.testing import Recording, isolated


def test_a_call_is_a_child_and_names_itself(
    get: Callable[..., Any], server: Server, recording: Recording, spans: Spans
) -> None:
    """The span lies below the stage that calls, the header has its id, and attributes are the standard's."""
    with telemetry.span("distribute.package") as stage:
        get(f"{server.url}/200?part=1&sig=s3cr3t")
    _, call = spans(2)
    assert (call.name, call.kind, call.status) == ("GET", "client", "unset")
    assert (call.parent_span_id, call.trace_id) == (stage.span_id, stage.trace_id)
    (headers,) = server.headers
    assert headers.get_all("traceparent") == [f"00-{call.trace_id:032x}-{call.span_id:016x}-03"]
    assert call.attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": server.server_port,
        "url.full": f"{server.url}/200?part=1&sig=REDACTED",
    }
    (series,) = recording.metrics["http.client.request.duration"].series
    assert isinstance(series.value, Distribution) and series.value.count == 1
    assert series.value.sum == pytest.approx((call.end_ns - call.start_ns) * 1e-9)
    assert series.exemplars[0].span_id == call.span_id
    assert recording.losses == {}


@pytest.mark.parametrize("status", [204, 304, 404, 500])
def test_what_the_server_refuses_is_an_error_of_the_client(
    get: Callable[..., Any], server: Server, recording: Recording, spans: Spans, status: int
) -> None:
    """At a client 4xx and 5xx are errors, and nothing below; the error's type is the status."""
    get(f"{server.url}/{status}")
    (call,) = spans(1)
    is_error = status >= 400
    assert call.status == ("error" if is_error else "unset")
    assert call.attributes.get("error.type") == (str(status) if is_error else None)
    assert call.attributes["http.response.status_code"] == status


def test_each_redirect_is_a_span(get: Callable[..., Any], server: Server, recording: Recording, spans: Spans) -> None:
    """Three requests are three spans beside each other, one after the other, each named in its own header."""
    with telemetry.span("distribute.package") as stage:
        get(f"{server.url}/twice")
    calls = spans(4)[1:]
    assert [call.attributes["http.response.status_code"] for call in calls] == [302, 302, 200]
    assert {call.parent_span_id for call in calls} == {stage.span_id}
    assert [headers["traceparent"].split("-")[2] for headers in server.headers] == [
        f"{call.span_id:016x}" for call in calls
    ]
    assert calls[0].end_ns <= calls[1].start_ns and calls[1].end_ns <= calls[2].start_ns


def test_redirects_count_as_sent_again(server: Server, recording: Recording, spans: Spans, clients: None) -> None:
    """The library carries what is known of a request to the next one, so its spans have `http.request.resend_count`."""
    httpx.get(f"{server.url}/twice", follow_redirects=True)
    assert [call.attributes.get("http.request.resend_count") for call in spans(3)] == [None, 1, 2]


def test_credentials_are_not_recorded(
    get: Callable[..., Any], server: Server, recording: Recording, spans: Spans
) -> None:
    """A password in a URL goes to the server and to nobody else."""
    get(f"http://ci:hunter2@127.0.0.1:{server.server_port}/200")
    (call,) = spans(1)
    assert server.headers[0]["authorization"].startswith("Basic ")
    assert "hunter2" not in str(call) and "REDACTED" in str(call.attributes["url.full"])


def test_a_connection_that_is_refused_is_an_error(get: Callable[..., Any], recording: Recording, spans: Spans) -> None:
    """The exception goes on, and the span has its type, its event and no status of a response."""
    with pytest.raises((httpx.ConnectError, requests.ConnectionError)) as caught:
        get("http://127.0.0.1:9/")
    (call,) = spans(1)
    assert call.status == "error"
    assert call.attributes["error.type"] == f"{caught.type.__module__}.{caught.type.__qualname__}"
    assert [event.name for event in call.events] == ["exception"]
    assert "http.response.status_code" not in call.attributes


def test_a_body_that_breaks_off_is_an_error(
    get: Callable[..., Any], server: Server, recording: Recording, spans: Spans
) -> None:
    """The status was good and stays on the span, which has failed all the same."""
    with pytest.raises((httpx.RemoteProtocolError, requests.exceptions.ChunkedEncodingError)):
        get(f"{server.url}/short")
    (call,) = spans(1)
    assert (call.status, call.attributes["http.response.status_code"]) == ("error", 200)
    assert "error.type" in call.attributes


def test_a_streamed_body_is_inside_of_the_span(
    server: Server, recording: Recording, spans: Spans, clients: None
) -> None:
    """The span is open while the body is, and is not the current one meanwhile."""
    for read in (_stream_by_httpx, _stream_by_requests):
        server.released.clear()
        before = len(recording.spans)
        parts = read(f"{server.url}/parts")
        assert next(parts)
        assert len(recording.spans) == before and telemetry.current_span() is None
        server.released.set()
        assert sum(map(len, parts)) > 0
        assert len(recording.spans) == before + 1
    assert [call.status for call in spans(2)] == ["unset", "unset"]


def _stream_by_httpx(url: str) -> Iterator[bytes]:
    with httpx.stream("GET", url, timeout=10) as response:
        yield from response.iter_raw(500)


def _stream_by_requests(url: str) -> Iterator[bytes]:
    with requests.get(url, timeout=10, stream=True) as response:
        yield from response.iter_content(500)


def test_a_body_that_nobody_reads_ends_its_span(
    server: Server, recording: Recording, spans: Spans, clients: None
) -> None:
    """Closed or forgotten, the response ends the span; a forgotten one at its last sign of life."""
    server.released.set()
    with httpx.stream("GET", f"{server.url}/parts"):
        pass
    requests.get(f"{server.url}/parts", timeout=10, stream=True).close()
    assert len(spans(2)) == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.unraisablehook", lambda _: None)
        response = requests.get(f"{server.url}/200", timeout=10, stream=True)
        del response
        gc.collect()
    (_, _, forgotten) = spans(3)
    assert (forgotten.status, forgotten.attributes["http.response.status_code"]) == ("unset", 200)


def test_raw_bodies_read_as_without_us(server: Server, recording: Recording, spans: Spans, clients: None) -> None:
    """What reads the raw response of requests gets all of it, and its end is the span's."""
    server.released.set()
    response = requests.get(f"{server.url}/parts", timeout=10, stream=True)
    assert response.raw.read(600) == PART[:600]
    assert recording.spans == []
    assert response.raw.read() == PART[:400] + PART
    spans(1)


def test_an_async_call_is_a_child_too(server: Server, recording: Recording, spans: Spans, clients: None) -> None:
    """Calls that run at once lie below the stage of their own task."""

    async def stage(client: httpx.AsyncClient, number: int) -> None:
        with telemetry.span("distribute.package", attributes={"bundle.number": number}):
            await client.get(f"{server.url}/twice", follow_redirects=True)

    async def main() -> None:
        async with httpx.AsyncClient(timeout=10) as client, asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(stage(client, number))

    asyncio.run(main())
    found = spans(40)
    for parent in (span for span in found if span.name == "distribute.package"):
        children = [span for span in found if span.parent_span_id == parent.span_id]
        assert [span.attributes["http.response.status_code"] for span in children] == [302, 302, 200]
        assert {span.trace_id for span in children} == {parent.trace_id}


def test_a_call_that_is_cancelled_ends_there(server: Server, recording: Recording, spans: Spans, clients: None) -> None:
    """A cancellation is what the caller wanted: the span says what ended it, and is no failure."""

    async def main() -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            task = asyncio.create_task(client.get(f"{server.url}/hangs"))
            while not server.headers:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    (call,) = spans(1)
    assert (call.status, call.events) == ("unset", ())
    assert call.attributes["error.type"] == "asyncio.exceptions.CancelledError"


def test_a_timeout_is_a_failure(get: Callable[..., Any], server: Server, recording: Recording, spans: Spans) -> None:
    """The client gave up, which is an error of the call."""
    client = httpx.Client(timeout=0.05)
    with pytest.raises(httpx.ReadTimeout):
        client.get(f"{server.url}/hangs")
    client.close()
    (call,) = spans(1)
    assert (call.status, call.attributes["error.type"]) == ("error", "httpx.ReadTimeout")


def test_one_client_alone_can_be_instrumented(server: Server, recording: Recording, spans: Spans) -> None:
    """Only the calls of the named client are spans, once even beside all others, and none after it is undone."""
    with httpx.Client() as mine, httpx.Client() as other, requests.Session() as session:
        instrument_httpx(mine)
        instrument_requests(session)
        for call in (mine.get, other.get, session.get, requests.get):
            call(f"{server.url}/200", timeout=10)
        assert len(spans(2)) == 2
        instrument_httpx()
        mine.get(f"{server.url}/200")
        other.get(f"{server.url}/200")
        spans(4)
        uninstrument_httpx()
        uninstrument_requests(session)
        mine.get(f"{server.url}/200")
        session.get(f"{server.url}/200", timeout=10)
        spans(4)


def test_nothing_stays_behind(server: Server) -> None:
    """Undone, the classes are what they were; undone twice, or never done, nothing happens."""
    before = [vars(httpx.Client).copy(), vars(httpx.AsyncClient).copy(), vars(requests.Session).copy()]
    for _ in range(2):
        instrument_httpx()
        instrument_httpx()
        instrument_requests()
        for _ in range(2):
            uninstrument_httpx()
            uninstrument_requests()
    after = [vars(httpx.Client), vars(httpx.AsyncClient), vars(requests.Session)]
    assert [dict(one) for one in after] == before


def test_what_others_wrapped_since_stays(
    server: Server, recording: Recording, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Undoing ours does not undo theirs; ours passes through in it."""
    instrument_httpx()
    ours = httpx.Client.__dict__["_send_single_request"]
    calls = []

    def theirs(client: Any, request: Any) -> Any:
        calls.append(request)
        return ours(client, request)

    monkeypatch.setattr(httpx.Client, "_send_single_request", theirs)
    uninstrument_httpx()
    assert httpx.get(f"{server.url}/200").status_code == 200
    assert len(calls) == 1 and recording.spans == []
    monkeypatch.undo()
    uninstrument_httpx()


def test_only_clients_can_be_instrumented() -> None:
    """Anything else is told at once."""
    with pytest.raises(ConfigurationError, match="a Session"):
        instrument_httpx(requests.Session())  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="a type"):
        instrument_requests(requests.Session)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_ours_first", [True, False])
def test_contrib_instrumentation_beside_ours_does_not_double(
    server: Server, recording: Recording, spans: Spans, is_ours_first: bool
) -> None:
    """In either order each call is one span of one of the two, and the header names that."""
    theirs: list[Any] = [HTTPXClientInstrumentor(), RequestsInstrumentor()]
    ours = [instrument_httpx, instrument_requests]
    steps = [*ours, *(each.instrument for each in theirs)]
    for step in steps if is_ours_first else reversed(steps):
        step()
    try:
        httpx.get(f"{server.url}/200")
        requests.get(f"{server.url}/200", timeout=10)
        found = spans(2)
    finally:
        for each in theirs:
            each.uninstrument()
        uninstrument_httpx()
        uninstrument_requests()
    assert [headers["traceparent"].split("-")[2] for headers in server.headers] == [
        f"{span.span_id:016x}" for span in found
    ]


def test_silenced_calls_are_not_recorded(get: Callable[..., Any], server: Server, recording: Recording) -> None:
    """What OpenTelemetry's exporters send is none of the application's."""
    from opentelemetry.instrumentation.utils import suppress_http_instrumentation

    with suppress_http_instrumentation():
        get(f"{server.url}/200")
    assert recording.spans == [] and "traceparent" not in server.headers[0]


def test_without_a_runtime_calls_pass_through(get: Callable[..., Any], server: Server) -> None:
    """No header is written, and the response is the library's own."""
    response = get(f"{server.url}/200")
    assert "traceparent" not in server.headers[0]
    assert "telemetry" not in type(response.raw if hasattr(response, "raw") else response.stream).__module__


def test_transports_of_an_application_are_seen_too(recording: Recording, spans: Spans, clients: None) -> None:
    """An in-process application is called through the same hook, and gets the header."""
    seen = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ["HTTP_TRACEPARENT"])
        start_response("200 OK", [])
        return [b"ok"]

    with httpx.Client(transport=httpx.WSGITransport(app=app)) as client:
        client.get("http://planner/")
    (call,) = spans(1)
    assert seen == [f"00-{call.trace_id:032x}-{call.span_id:016x}-03"]
    assert (call.attributes["server.address"], call.attributes["server.port"]) == ("planner", 80)


def test_a_registry_that_refuses_foreign_spans_keeps_the_trace(server: Server, tmp_path: Path, clients: None) -> None:
    """No span of the call is recorded; the header names the stage around it, and the refusal is counted."""
    registry = tmp_path / "registry.json"
    registry.write_text('{"foreign": "refuse"}')
    with isolated(registry=registry) as strict:
        with telemetry.span("distribute.package") as stage:
            assert httpx.get(f"{server.url}/200").status_code == 200
        assert [span.name for span in strict.spans] == ["distribute.package"]
        assert strict.losses["foreign_span_refused"] == 1
    assert server.headers[0]["traceparent"].split("-")[2] == f"{stage.span_id:016x}"


def test_hooks_and_middleware_load_only_what_they_wrap(tmp_path: Path) -> None:
    """Importing the room loads neither OpenTelemetry nor a client library; a middleware loads only the former."""
    program = """
        import sys
        from telemetry.http import ASGIMiddleware
        heavy = {"opentelemetry", "httpx", "requests", "starlette"}
        print(sorted(heavy & set(sys.modules)))
        ASGIMiddleware(print)
        print(sorted(heavy & set(sys.modules)))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["[]", "['opentelemetry']"]
