"""Blocks of one `instrument_llm_call`: each records its own call, whichever thread or task it is in."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from telemetry import instrument_llm_call
from telemetry.instrument.llm import LlmInstrument
from telemetry.testing import Recording, isolated

MODEL = "m-1"


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """Record into memory, with the pack of language models."""
    path = tmp_path / "registry.json"
    path.write_text(json.dumps({"extends": ["pipeline", "llm"]}))
    gc.collect()
    with isolated(registry=[path]) as recording:
        yield recording
    gc.collect()


@pytest.fixture
def block() -> LlmInstrument:
    """One object, for several blocks."""
    return instrument_llm_call(provider="them", model=MODEL)


def answer(tokens: int) -> dict[str, Any]:
    """Give an answer that tells its call from others."""
    return {"id": f"r-{tokens}", "usage": {"prompt_tokens": tokens}}


def recorded(recording: Recording) -> dict[Any, Any]:
    """Give the tokens of each call by the id of its answer."""
    spans = [span for span in recording.spans if span.name == f"chat {MODEL}"]
    return {
        each.attributes.get("gen_ai.response.id"): (each.attributes.get("gen_ai.usage.input_tokens"), each.status)
        for each in spans
    }


def test_threads_share_a_block(recording: Recording, block: LlmInstrument) -> None:
    """Each thread ends the call that it began, though the other began later and ends later."""
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        try:
            with block as call:
                first_in.set()
                assert second_in.wait(30)
                call.observe(answer(1))
                raise ConnectionError
        except ConnectionError:
            first_out.set()

    def second() -> None:
        assert first_in.wait(30)
        with block as call:
            second_in.set()
            assert first_out.wait(30)
            call.observe(answer(2))

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(first), pool.submit(second)]:
            each.result()
    assert recorded(recording) == {"r-1": (1, "error"), "r-2": (2, "unset")}
    assert not recording.losses


def test_tasks_share_a_block(recording: Recording, block: LlmInstrument) -> None:
    """Tasks that begin inside a block and end in the order they began end their own calls, not each other's."""

    async def ask(tokens: int) -> None:
        with block as call:
            await asyncio.sleep(0)
            call.observe(answer(tokens))

    async def ask_all() -> None:
        with block as call:
            await asyncio.gather(*(ask(tokens) for tokens in range(1, 9)))
            call.observe(answer(9))

    asyncio.run(ask_all())
    found = recorded(recording)
    assert found == {f"r-{tokens}": (tokens, "unset") for tokens in range(1, 10)}
    whole = next(each for each in recording.spans if each.attributes.get("gen_ai.response.id") == "r-9")
    assert {each.parent_span_id for each in recording.spans if each is not whole} == {whole.span_id}
    assert not recording.losses


def test_blocks_in_each_other(recording: Recording, block: LlmInstrument) -> None:
    """In one thread the innermost ends first, and a block may be entered again after its end."""
    with block as outer:
        with block as inner:
            inner.observe(answer(1))
        with block as inner:
            inner.observe(answer(2))
        outer.observe(answer(3))
    assert recorded(recording) == {f"r-{tokens}": (tokens, "unset") for tokens in (1, 2, 3)}


def test_a_block_ends_in_another_context(recording: Recording, block: LlmInstrument) -> None:
    """A block that is the only one ends its call wherever it ends, as that of a fixture may."""
    contextvars.Context().run(block.__enter__).observe(answer(1))
    contextvars.Context().run(block.__exit__, None, None, None)
    assert recorded(recording) == {"r-1": (1, "unset")}


def test_what_nobody_can_tell_is_counted(recording: Recording, block: LlmInstrument) -> None:
    """An end that may be that of several calls, or of none, ends none, is counted, and does not raise."""
    block.__exit__(None, None, None)
    assert recording.losses == {"capture_failed": 1}
    entered = [contextvars.Context().run(block.__enter__) for _ in range(2)]
    contextvars.Context().run(block.__exit__, None, None, None)
    assert recording.losses == {"capture_failed": 2}
    assert not recorded(recording)
    for call in entered:
        call.finish()
