"""OpenTelemetry's contrib instrumentation of HTTP clients, unchanged, against a server on this host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import requests
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.trace import StatusCode
from tests.opentelemetry.conftest import Shown

import telemetry
from telemetry.export import prometheus_text
from telemetry.signals import Distribution
from telemetry.testing import Recording


class Server(HTTPServer):
    """Answers 200, or 500 under `/bad`, and keeps the headers that came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.headers: list[Any] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.headers.append(self.headers)
        self.send_response(500 if self.path == "/bad" else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Be silent."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve while the test runs."""
    with Server() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture(params=["httpx", "requests"])
def get(request: pytest.FixtureRequest, recording: Recording) -> Iterator[Callable[[str], Any]]:
    """Instrument one client, with the global providers, and take that back afterwards."""
    instrumentor: Any = HTTPXClientInstrumentor() if request.param == "httpx" else RequestsInstrumentor()
    instrumentor.instrument()
    yield lambda url: httpx.get(url) if request.param == "httpx" else requests.get(url, timeout=5)
    instrumentor.uninstrument()


def test_a_request_nests_in_a_decorated_stage(
    get: Callable[[str], Any], server: Server, recording: Recording, shown: Shown
) -> None:
    """The client's span is the stage's child, the header names the client's span, a histogram has the request."""
    url = f"http://127.0.0.1:{server.server_port}"

    @telemetry.instrument_span("distribute.package")
    def upload() -> int:
        return int(get(f"{url}/good").status_code)

    assert upload() == 200
    client, stage = recording.spans
    assert (client.name, client.kind, stage.name) == ("GET", "client", "distribute.package")
    assert client.parent_span_id == stage.span_id and client.trace_id == stage.trace_id
    assert client.scope is not None
    assert client.scope.name.startswith("opentelemetry.instrumentation.")
    assert client.attributes["http.status_code"] == 200
    (headers,) = server.headers
    assert headers["traceparent"] == f"00-{client.trace_id:032x}-{client.span_id:016x}-03"
    assert shown.names == ["GET", "distribute.package"]
    durations = recording.metrics["http.client.duration"]
    (series,) = durations.series
    assert isinstance(series.value, Distribution) and series.value.count == 1
    (exemplar,) = series.exemplars
    assert (exemplar.trace_id, exemplar.span_id) == (client.trace_id, client.span_id)
    text = prometheus_text(recording.runtime.families()).decode()
    assert "http_client_duration_count{" in text and 'http_status_code="200"' in text
    assert recording.losses == {}


def test_a_failing_request_is_an_error_of_the_client_only(
    get: Callable[[str], Any], server: Server, recording: Recording, shown: Shown
) -> None:
    """A 500 marks the client's span, not the stage around it, which worked."""
    url = f"http://127.0.0.1:{server.server_port}"
    with telemetry.span("distribute.package"):
        get(f"{url}/bad")
    assert shown["GET"].status.status_code is StatusCode.ERROR
    assert shown["distribute.package"].status.status_code is StatusCode.UNSET
