"""Calls of language models: a span by OpenTelemetry's conventions, tokens, duration and cost, in every form."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from telemetry import ContractError, instrument_llm_call, instrument_span
from telemetry.instrument import LlmCall
from telemetry.instrument.llm import PATHS
from telemetry.signals import Distribution
from telemetry.testing import Recording, isolated

MODEL = "m-1"
OPENAI = {
    "id": "chatcmpl-1",
    "model": "m-1-2026-01-31",
    "choices": [{"finish_reason": "stop", "message": {"content": "Yes."}}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 20},
}
ANTHROPIC = SimpleNamespace(
    id="msg_1",
    model="m-1-2026-01-31",
    stop_reason="end_turn",
    usage=SimpleNamespace(
        input_tokens=600, cache_read_input_tokens=300, cache_creation_input_tokens=100, output_tokens=20
    ),
)
ANSWERED = {"id": "msg_1", "model": "m-1-2026-01-31"}
ANTHROPIC_STREAM: list[Any] = [
    {"type": "message_start", "message": {**ANSWERED, "usage": {"input_tokens": 1000, "output_tokens": 1}}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Yes."}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 20}},
]
OPENAI_STREAM: list[Any] = [
    {**ANSWERED, "choices": [{"delta": {"content": "Ye"}, "finish_reason": None}], "usage": None},
    {**ANSWERED, "choices": [{"delta": {"content": "s."}, "finish_reason": "stop"}], "usage": None},
    {**ANSWERED, "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 20}},
]
LABELS = {"gen_ai_operation_name": "chat", "gen_ai_request_model": MODEL}
instrument = instrument_llm_call(provider="them", model=MODEL, price=(2.0, 10.0))


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """Record into memory, with the pack of language models."""
    path = tmp_path / "registry.json"
    path.write_text(json.dumps({"extends": ["pipeline", "llm"]}))
    gc.collect()
    with isolated(registry=[path]) as recording:
        yield recording
    gc.collect()


def distribution(recording: Recording, metric: str, **labels: str) -> Distribution:
    """Read a histogram of one series."""
    found = recording.value(metric, **labels)
    assert isinstance(found, Distribution)
    return found


def assert_recorded(recording: Recording, reason: str = "stop") -> None:
    """One call of a thousand tokens and twenty is there: span, tokens, duration, cost; and no contract is broken."""
    span = recording.span("gen_ai.call")
    expected: Mapping[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "them",
        "gen_ai.request.model": MODEL,
        "gen_ai.response.model": "m-1-2026-01-31",
        "gen_ai.response.finish_reasons": (reason,),
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 20,
    }
    assert expected.items() <= span.attributes.items()
    assert span.kind == "client"
    assert span.attributes["llm.cost_usd"] == pytest.approx(0.0022)
    for token_type, count in (("input", 1000), ("output", 20)):
        tokens = distribution(recording, "gen_ai_client_token_usage", gen_ai_token_type=token_type, **LABELS)
        assert (tokens.count, tokens.sum) == (1, count)
    took = distribution(recording, "gen_ai_client_operation_duration_seconds", error_type="none", **LABELS)
    assert (took.count, took.sum > 0) == (1, True)
    assert recording.value("llm_cost_usd_total", gen_ai_request_model=MODEL) == pytest.approx(0.0022)
    recording.assert_whole()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(OPENAI, "stop"), (ANTHROPIC, "end_turn"), (json.loads(json.dumps(OPENAI)), "stop")],
    ids=["dict", "object", "json"],
)
def test_a_function(recording: Recording, answer: Any, reason: str) -> None:
    """The returned value says what the call used; what a cache had is part of what was sent."""

    @instrument
    def ask(question: str) -> Any:
        return answer

    assert ask("So?") is answer
    assert_recorded(recording, reason)


def test_a_coroutine_function(recording: Recording) -> None:
    """It is awaited inside of the span, and stays a coroutine function."""

    @instrument
    async def ask() -> Any:
        await asyncio.sleep(0)
        return OPENAI

    assert asyncio.iscoroutinefunction(ask)
    asyncio.run(ask())
    assert_recorded(recording)


@pytest.mark.parametrize(
    ("parts", "reason"), [(OPENAI_STREAM, "stop"), (ANTHROPIC_STREAM, "end_turn")], ids=["openai", "anthropic"]
)
def test_a_stream(recording: Recording, parts: list[Any], reason: str) -> None:
    """The parts of a generator come through as they are; the last word of each fact counts."""

    @instrument
    def ask() -> Iterator[Any]:
        yield from parts

    assert list(ask()) == parts
    assert_recorded(recording, reason)


def test_an_asynchronous_stream(recording: Recording) -> None:
    """An asynchronous generator is recorded as a generator is."""

    @instrument
    async def ask() -> AsyncIterator[Any]:
        for part in OPENAI_STREAM:
            yield part

    async def use() -> list[Any]:
        return [part async for part in ask()]

    assert asyncio.run(use()) == OPENAI_STREAM
    assert_recorded(recording)


def test_a_stream_that_is_left(recording: Recording) -> None:
    """Who stops reading ends the call: the generator is closed, and what is known by then is recorded."""
    closed = []

    @instrument
    def ask() -> Iterator[Any]:
        try:
            yield from ANTHROPIC_STREAM
        finally:
            closed.append(True)

    parts = iter(ask())
    next(parts)
    parts.close()  # type: ignore[attr-defined]  # it is a generator
    span = recording.span("gen_ai.call")
    assert closed == [True]
    labels = {**LABELS, "error_type": "none"}
    assert distribution(recording, "gen_ai_client_operation_duration_seconds", **labels).count == 1
    assert (span.attributes["gen_ai.usage.input_tokens"], span.status == "error") == (1000, False)


def test_a_block(recording: Recording) -> None:
    """Around a block the caller hands over the answer; spans inside belong to the call."""
    with instrument_llm_call(provider="them", model=MODEL, price=(2.0, 10.0)) as call:
        assert isinstance(call, LlmCall)
        call.observe(OPENAI)
    assert_recorded(recording)


def test_a_failure(recording: Recording) -> None:
    """The exception passes; span and duration say its class, and nothing is counted that is not known."""

    @instrument
    def ask() -> Any:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        ask()
    span = recording.span("gen_ai.call")
    assert (span.status, span.attributes["error.type"]) == ("error", "ConnectionError")
    labels = {**LABELS, "error_type": "ConnectionError"}
    assert distribution(recording, "gen_ai_client_operation_duration_seconds", **labels).count == 1
    assert recording.value("llm_cost_usd_total", gen_ai_request_model=MODEL) is None


def test_the_model_of_each_call(recording: Recording) -> None:
    """Attributes are captured from parameters, defaults included; a captured model is the metrics' model too."""

    @instrument_llm_call(
        provider="them",
        operation="embeddings",
        capture={"gen_ai.request.model": "options.model", "gen_ai.request.temperature": "temperature"},
    )
    def embed(options: Any, temperature: float = 0.5) -> Any:
        return OPENAI

    embed({"model": "m-7"})
    attributes = recording.span("gen_ai.call").attributes
    assert (attributes["gen_ai.request.model"], attributes["gen_ai.request.temperature"]) == ("m-7", 0.5)
    labels = {"gen_ai_operation_name": "embeddings", "gen_ai_request_model": "m-7", "gen_ai_token_type": "input"}
    assert distribution(recording, "gen_ai_client_token_usage", **labels).sum == 1000
    embed(object())
    assert recording.losses["capture_failed"] == 1


def test_answers_of_another_shape(recording: Recording) -> None:
    """Paths say where the facts are; a callable will do, and the provider's own cost beats the price."""
    answer = {"meta": {"in": 1000, "out": 20, "dollars": 0.5}, "name": "m-9"}
    paths: dict[str, Any] = {
        "input_tokens": "meta.in",
        "output_tokens": ("nowhere.at.all", "meta.out"),
        "response_model": lambda found: found["name"],
        "cost_usd": "meta.dollars",
    }
    instrument_llm_call(provider="them", model=MODEL, price=(2.0, 10.0), paths=paths)(lambda: answer)()
    attributes = recording.span("gen_ai.call").attributes
    assert attributes["gen_ai.usage.output_tokens"] == 20
    assert (attributes["gen_ai.response.model"], attributes["llm.cost_usd"]) == ("m-9", 0.5)
    with pytest.raises(ContractError, match=r"paths= has no fact 'tokens'; facts are input_tokens"):
        instrument_llm_call(provider="them", paths={"tokens": "usage"})


@pytest.mark.parametrize(
    "answer",
    [None, 3, "text", {}, {"usage": 7}, {"choices": [None, 5]}, {"model": 5, "id": []}],
)
def test_answers_that_say_nothing(recording: Recording, answer: Any) -> None:
    """An answer without usage, or with nonsense for it, is a call all the same; nothing is made up."""
    assert instrument(lambda: answer)() is answer
    attributes = recording.span("gen_ai.call").attributes
    assert not any(name.startswith(("gen_ai.usage", "gen_ai.response", "llm.cost")) for name in attributes)
    recording.assert_whole()


@pytest.mark.parametrize("count", [10**30, 1 << 60, -1, True, float("nan"), 1.5, "many"])
def test_counts_that_are_no_counts(recording: Recording, count: Any) -> None:
    """What no call can have for tokens is neither attribute, metric nor cost, and is counted once."""
    call = instrument_llm_call(provider="openai", model=MODEL, price=(2.0, 10.0))
    answer = {"usage": {"prompt_tokens": count}}
    assert call(lambda: answer)() is answer
    attributes = recording.span("gen_ai.call").attributes
    assert not any(name.startswith(("gen_ai.usage", "llm.cost")) for name in attributes)
    assert not {"gen_ai_client_token_usage", "llm_cost_usd_total"} & recording.metrics.keys()
    assert recording.losses == {"capture_failed": 1}


def test_a_price_by_callable(recording: Recording) -> None:
    """A callable gets both counts; one that fails loses the cost, is counted, and never stops the caller."""
    instrument_llm_call(provider="them", model=MODEL, price=lambda sent, received: sent + received)(lambda: OPENAI)()
    assert recording.value("llm_cost_usd_total", gen_ai_request_model=MODEL) == 1020
    instrument_llm_call(provider="them", model=MODEL, price=lambda sent, received: 1 / 0)(lambda: OPENAI)()
    assert recording.losses["capture_failed"] == 1
    assert recording.value("llm_cost_usd_total", gen_ai_request_model=MODEL) == 1020


def test_no_text_unless_it_is_asked_for(recording: Recording) -> None:
    """Neither the prompt nor the completion is in any attribute of the span."""
    instrument(lambda question: OPENAI)("What of the aardvark?")
    kept = repr(recording.span("gen_ai.call"))
    assert "aardvark" not in kept
    assert "Yes." not in kept


def test_texts_go_without_credentials(recording: Recording) -> None:
    """Asked for, prompt and completion are recorded, a stream's parts as one text, and credentials are cut out."""
    key = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789"
    texts = instrument_llm_call(provider="them", model=MODEL, prompt="messages", completion="choices.*.delta.content")

    @texts
    def ask(messages: Any) -> Iterator[Any]:
        yield from OPENAI_STREAM

    list(ask([{"role": "user", "content": f"Use {key} please"}]))
    attributes = recording.span("gen_ai.call").attributes
    assert attributes["gen_ai.output.messages"] == "Yes."
    prompt = str(attributes["gen_ai.input.messages"])
    assert "please" in prompt
    assert key not in prompt


def test_a_path_names_a_parameter() -> None:
    """A wrong path is told where the function is decorated, with the parameters that there are."""
    with pytest.raises(ContractError, match=r"test_llm\.py:\d+: reads 'modle', but the function has model"):
        instrument_llm_call(provider="them", capture={"gen_ai.request.model": "modle"})(lambda model: None)


def test_the_pack_has_to_be_chosen() -> None:
    """Without the pack a decorated function is refused with what to add; a block runs, and is counted."""
    with isolated(registry=[]) as recording:
        with pytest.raises(ContractError, match="needs the pack 'llm'; add it to 'extends' of a registry file"):
            instrument(lambda: OPENAI)
        with instrument as call:
            call.observe(OPENAI)
        assert recording.losses["span_refused"] == 1
    gc.collect()


def test_dormant() -> None:
    """Without a runtime the function runs as it is, and looks as it did."""

    def ask(question: str) -> Any:
        """Ask."""
        return OPENAI

    asked = instrument(ask)
    assert asked("So?") is OPENAI
    assert (asked.__name__, asked.__doc__) == ("ask", "Ask.")


def test_facts_are_documented() -> None:
    """Each fact that a path can be given for is in the documentation."""
    text = (Path(__file__).parents[2] / "docs" / "llm.md").read_text("utf-8")
    assert all(f"`{fact}`" in text for fact in PATHS)


def test_versions_of_data_and_models(recording: Recording) -> None:
    """What a stage was run with is on its span: fixed in the code, read from a parameter, or of a model's call."""

    @instrument_span("spec.parse", attributes={"dataset.version": "v3"}, capture={"model.version": "model.version"})
    def parse(model: Any) -> Any:
        with instrument_llm_call(provider="them", model=MODEL, attributes={"model.version": model.version}) as call:
            call.observe(OPENAI)

    parse(SimpleNamespace(version="2026-01-31"))
    stage, call = recording.span("spec.parse"), recording.span("gen_ai.call")
    assert (stage.attributes["dataset.version"], stage.attributes["model.version"]) == ("v3", "2026-01-31")
    assert call.attributes["model.version"] == "2026-01-31"
    assert call.parent_span_id == stage.span_id
    recording.assert_whole()
