"""HTTP/2, from httpx to a server of one connection that is built on h2."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.http.conftest import Spans

from telemetry.testing import Recording

h2_connection = pytest.importorskip("h2.connection")
h2_config = pytest.importorskip("h2.config")
h2_events = pytest.importorskip("h2.events")


def serve(listening: socket.socket, seen: list[dict[str, str]]) -> None:
    """Answer each request of one connection, and keep its headers."""
    peer, _ = listening.accept()
    with peer:
        connection: Any = h2_connection.H2Connection(h2_config.H2Configuration(client_side=False))
        connection.initiate_connection()
        peer.sendall(connection.data_to_send())
        while data := peer.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2_events.RequestReceived):
                    seen.append({bytes(name).decode(): bytes(value).decode() for name, value in event.headers})
                    connection.send_headers(event.stream_id, [(":status", "200")])
                    connection.send_data(event.stream_id, b"ok", end_stream=True)
            peer.sendall(connection.data_to_send())


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve while the test runs; gives the URL and the headers that came."""
    seen: list[dict[str, str]] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening, seen), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        thread.join(10)


def test_calls_share_a_connection_and_are_spans_each(
    server: tuple[str, list[dict[str, str]]], recording: Recording, spans: Spans, clients: None
) -> None:
    """Each stream of one connection is a span, whose header names it, and whose version is 2."""
    url, seen = server
    with httpx.Client(http1=False, http2=True, timeout=10) as client:
        assert [client.get(url).text for _ in range(3)] == ["ok"] * 3
    found = spans(3)
    assert [headers["traceparent"].split("-")[2] for headers in seen] == [f"{span.span_id:016x}" for span in found]
    assert {span.attributes["network.protocol.version"] for span in found} == {"2"}
    assert recording.losses == {}
