"""Fixtures: a recording of its own, and clients that are instrumented for the length of a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
from tests.http.answers import Server
from tests.http.servers import wait_for

from telemetry.http import instrument_httpx, instrument_requests, uninstrument_httpx, uninstrument_requests
from telemetry.signals import SpanRecord
from telemetry.testing import Recording, isolated

Spans = Callable[[int], list[SpanRecord]]


@pytest.fixture
def recording() -> Iterator[Recording]:
    """Record into memory, with OpenTelemetry's global providers over it."""
    with isolated() as made:
        yield made


@pytest.fixture
def spans(recording: Recording) -> Spans:
    """Wait for as many spans; a server ends its own after the client has its answer."""

    def get(count: int) -> list[SpanRecord]:
        wait_for(lambda: len(recording.spans) >= count)
        found = recording.spans
        assert len(found) == count, [span.name for span in found]
        return sorted(found, key=lambda span: span.start_ns)

    return get


@pytest.fixture
def clients() -> Iterator[None]:
    """Instrument all clients of both libraries, and take that back afterwards."""
    instrument_httpx()
    instrument_requests()
    yield
    uninstrument_httpx()
    uninstrument_requests()


@pytest.fixture(params=["httpx", "requests"])
def get(request: pytest.FixtureRequest, clients: None) -> Callable[..., Any]:
    """Send a GET by one instrumented client or the other."""
    del clients
    if request.param == "requests":
        return lambda url, **more: requests.get(url, timeout=10, **more)
    return lambda url, **more: httpx.get(url, timeout=10, follow_redirects=True, **more)


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve while the test runs."""
    with Server() as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.released.set()
        made.shutdown()
