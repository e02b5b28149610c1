"""Sources that cannot be read are told so, with exit code 2; nothing hangs, and nothing raises."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.live.programs import look
from tests.live.requests import span, traces

GOOD = traces(span("spec.parse", {"host.kind": "online"}))
OPENMETRICS = "# TYPE a gauge\n# UNIT a_seconds seconds\na 1\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD[:100].encode(), "line 1: it is not JSON"),
        ((GOOD + GOOD[:50]).encode(), "line 2: it is not JSON"),
        (b'{"a": 1}\n', "line 1: it is no request of OTLP"),
        (b'{"resourceSpans": 3}\n', "line 1: it is no request of OTLP"),
        (b'{"resourceSpans": [3]}\n', "line 1: it is no request of OTLP"),
        (GOOD.replace('"traceId": "', '"traceId": "xyz').encode(), "line 1: it is no request of OTLP"),
        (b'{"resourceSpans": ' + b"[" * 100_000 + b"\n", "line 1: it is no"),
        (b'{"a": "\xff"}\n', "line 1: it is not UTF-8"),
        (b"a_total 1\nb_total \xff\n", "line 2: it is not UTF-8"),
        (b"# TYPE a gauge\na 1\nb", "line 3: it is no Prometheus text"),
        (b"# TYPE a gauge\na 12", "line 2: it has no end, so the scrape was cut short"),
        (b"a{b=\"c} 1\n", "line 1: it is no Prometheus text"),
        (b"a" * 100_000, "line 1: it has more than 65536 bytes"),
        (b"a{" + b",".join(b'l%d="x"' % n for n in range(300)) + b"} 1\n", "line 1: it has more than 200 labels"),
        (b"a 1\n" * (9 << 20), "the scrape has more than 33554432 bytes"),
        (OPENMETRICS.encode(), "it is no OpenMetrics"),
        (b"<html><body>404</body></html>", "it is HTML or XML, no metrics"),
        (bytes(range(256)), "it is neither a bundle nor text"),
        (gzip.compress(GOOD.encode() * 100)[:-40], "it cannot be unpacked"),
        (b"\x1f\x8b garbage", "it cannot be unpacked"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_so(tmp_path: Path, content: bytes, words: str) -> None:
    """Half a file, another kind, damage: exit code 2, with the line and what is wrong there."""
    path = tmp_path / "source"
    path.write_bytes(content)
    found = look(path)
    assert (found.status, found.text) == (2, "")
    assert words in found.said, found.said


def test_nothing_there(tmp_path: Path) -> None:
    """A path that is not there, a folder without journals, and a damaged bundle are bad usage."""
    (tmp_path / "run.tar.gz").write_bytes(gzip.compress(b"\0" * 257 + b"ustar" + b"\0" * 2000))
    for source, words in (
        (tmp_path / "nowhere", "there is no such folder or file"),
        (tmp_path, "there is no journal in it"),
        (tmp_path / "run.tar.gz", "run.tar.gz: "),
    ):
        found = look(source)
        assert (found.status, words in found.said) == (2, True), found.said


def test_empty_input_is_no_pass() -> None:
    """Of an empty pipe nothing was recorded."""
    found = look("-", "--json")
    assert (found.status, [code for code, _, _ in found.codes]) == (1, ["TC600"])


class Answering(BaseHTTPRequestHandler):
    """Answers by the path that is asked for."""

    def do_GET(self) -> None:
        """Answer."""
        status, kind, body = {
            "/metrics": (200, "text/plain", b"# TYPE process_open_fds gauge\nprocess_open_fds 1\n"),
            "/page": (200, "text/html", b"<html></html>"),
            "/moved": (302, "text/plain", b""),
            "/half": (200, "text/plain", b"process_open_fds 1\nprocess_op"),
        }.get(self.path, (404, "text/plain", b"no"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Location", "/metrics")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[str]:
    """Serve answers, and give the base of the URL."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_endpoints_that_are_none() -> None:
    """Nobody there, no such path, a page, a redirect, half an answer: each is told, with exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    said = look(f"http://127.0.0.1:{port}/metrics")
    assert (said.status, "is something listening there?" in said.said) == (2, True)
    with answering() as base:
        assert look(f"{base}/metrics").status == 0
        for path, words in (
            ("nothing", "it answers 404"),
            ("page", "it answers a page of HTML"),
            ("moved", "it leads to /metrics"),
            ("half", "line 2: it is no Prometheus text"),
        ):
            found = look(f"{base}/{path}")
            assert (found.status, words in found.said) == (2, True), found.said


def test_credentials_of_a_url_are_used_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The summary on GitHub names the endpoint without them, whatever else is said."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with answering() as base:
        found = look(f"{base.replace('://', '://ada:hunter2@')}/metrics?token=s3cr3ts3cr3t")
        assert found.status == 2, "the path of the server has no query"
        found = look(f"{base.replace('://', '://ada:hunter2@')}/metrics")
    assert found.status == 0
    assert "hunter2" not in summary.read_text() + found.text + found.said
    assert "metrics" in summary.read_text()


def test_an_endpoint_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever listens and says nothing is given up after a bounded time; credentials of the URL are not shown."""
    from telemetry.errors import SourceError
    from telemetry.operations.live.fetch import fetch

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://ada:hunter2@127.0.0.1:{silent.getsockname()[1]}/metrics?token=x"
        with pytest.raises(SourceError, match="did not answer within") as caught:
            fetch(url, seconds=0.2)
    assert "hunter2" not in str(caught.value) and "token" not in str(caught.value)


def test_an_endpoint_that_answers_too_much() -> None:
    """What is larger than the bound is not read to its end."""
    from telemetry.errors import SourceError
    from telemetry.operations.live.fetch import fetch

    with answering() as base, pytest.raises(SourceError, match="more than 10 bytes"):
        fetch(f"{base}/metrics", most_bytes=10)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    """Whatever a pipe gives, the command ends with one of its exit codes."""
    assert look("-", data=data).status in (0, 1, 2)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_damage_to_otlp_has_an_answer(data: st.DataObject) -> None:
    """A request in which one value is another has findings, or is told to be none."""
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=4,
    )
    request = json.loads(GOOD)
    node = request
    for _ in range(data.draw(st.integers(1, 6))):
        if not isinstance(node, dict | list) or not node:
            break
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if data.draw(st.booleans()):
            node[key] = data.draw(json_values)
            break
        node = node[key]
    assert look("-", data=json.dumps(request).encode() + b"\n").status in (0, 1, 2)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_credentials_in_names_are_not_shown(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A credential in the name of a foreign span, its scope or a label is not shown, nor half of one."""
    key, late = "ghp_" + "a1B2" * 9, "x" * 70 + " https://ci:hunter2" + "y" * 40 + "@example.org"
    requests = tmp_path / "recorded.jsonl"
    requests.write_text(
        traces(span(f"GET {key}"), scope="elsewhere")
        + traces(span(late), scope="elsewhere")
        + traces(span("GET"), scope=f"client {key}")
    )
    page = tmp_path / "page.txt"
    page.write_text(f'process_x{{k="{key}"}} 1\nodd{{password="hunter2",k="{key}"}} 1\n')
    for source in (requests, page):
        found = look(source, *arguments)
        said = found.text + found.said
        assert "[redacted]" in said
        assert key not in said and "hunter" not in said, said
