"""Spans that leave under a name made of their attributes, as OpenTelemetry's conventions ask, and their contracts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import telemetry
from telemetry import instrument_llm_call
from telemetry.contracts import Registry, load_registry
from telemetry.errors import RegistryError
from telemetry.http import WSGIMiddleware
from telemetry.testing import Recording, isolated


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """Record with the packs whose spans have such names."""
    path = tmp_path / "registry.json"
    path.write_text(json.dumps({"extends": ["pipeline", "llm", "common"]}))
    with isolated(registry=path) as recording:
        yield recording


def test_calls_of_models_are_called_by_operation_and_model(recording: Recording) -> None:
    """A call is `chat gpt-4o`, and `chat` where no model is known; tests still find it by its contract."""
    with instrument_llm_call(provider="openai", model="gpt-4o"):
        pass
    assert recording.span("gen_ai.call").name == recording.span("chat gpt-4o").name == "chat gpt-4o"
    with instrument_llm_call(provider="openai", operation="embeddings"):
        pass
    assert [span.name for span in recording.spans] == ["chat gpt-4o", "embeddings"]
    assert recording.violations() == {}


def test_decorated_calls_too(recording: Recording) -> None:
    """A captured model is in the name, which differs from call to call."""

    @instrument_llm_call(provider="openai", capture={"gen_ai.request.model": "model"})
    def ask(model: str) -> dict[str, Any]:
        return {"model": model}

    ask("a")
    ask("b")
    assert [span.name for span in recording.spans] == ["chat a", "chat b"]


def test_a_call_of_a_service(recording: Recording) -> None:
    """A span of a block takes its name from the attributes of its contract, and each time from those it has."""
    for method in ("planner.Plans/Make", "executor.Runs/Start"):
        attributes = {"rpc.system.name": "grpc", "rpc.method": method, "service.peer.name": method.partition(".")[0]}
        with telemetry.span("rpc.client", kind="client", attributes=attributes):
            pass
    assert [span.name for span in recording.spans] == ["planner.Plans/Make", "executor.Runs/Start"]
    assert recording.violations() == {}


def test_other_spans_keep_the_name_of_their_contract(recording: Recording) -> None:
    """A name that no contract has is refused, as before, for a span whose contract shows none."""
    with telemetry.span("spec.parse", attributes={"spec.name": "x"}) as span:
        span.update_name("anything")
    assert recording.spans[0].name == "spec.parse"
    assert "no such span" in str(recording.violations())


def test_the_contract_of_a_shown_span() -> None:
    """A span that has left is found by what it is called and has; client and server are told apart by kind."""
    registry = load_registry(packs=["common"])
    get = {"http.request.method": "GET"}
    for name, kind, attributes, contract in (
        ("GET", "client", get, "http.client"),
        ("GET", "server", get, "http.server"),
        ("GET /users/{id}", "server", {**get, "http.route": "/users/{id}"}, "http.server"),
        ("rpc.client", "client", {}, "rpc.client"),
        ("GET /other", "server", get, None),
        ("anything", "internal", {}, None),
    ):
        found = registry.shown_span(name, kind, attributes)
        assert (found and found.name) == contract


def test_our_http_spans_fit_their_contract(recording: Recording) -> None:
    """A request that our middleware serves has what the contract of servers says, and nothing else."""

    def app(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [b""]

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/x", "wsgi.url_scheme": "http", "HTTP_HOST": "h:80",
               "QUERY_STRING": "a=1", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_USER_AGENT": "me"}  # fmt: skip
    body: Any = WSGIMiddleware(app, route=lambda _: "/x")(environ, lambda *_: lambda _: None)
    list(body)
    body.close()
    span = recording.spans[0]
    contract = recording.runtime.registry.shown_span(span.name, span.kind, span.attributes)
    assert contract is not None and contract.name == "http.server"
    assert contract.breaches(span.attributes, failed=False) == []


@pytest.mark.parametrize("display", ["plain", "{", "{Upper}", "{a b}", "", "{a.b"])
def test_a_display_that_is_none(tmp_path: Path, display: str) -> None:
    """A display without an attribute in braces, or with braces of another sort, does not load."""
    path = tmp_path / "registry.json"
    path.write_text(json.dumps({"extends": [], "spans": [{"name": "a", "description": "A.", "display": display}]}))
    with pytest.raises(RegistryError, match="/spans/0/display"):
        load_registry(path)


def test_an_empty_name_is_that_of_the_contract() -> None:
    """A span that has none of the attributes is shown under its contract's name."""
    spans = load_registry(packs=["common"]).spans
    assert spans["rpc.client"].display_name({}) == "rpc.client"
    assert Registry(spans=spans).shown_span("", "client", {}) is None
