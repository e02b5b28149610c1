"""`TelemetryDispatcher.sample`: what changes for traces that begin from then on, and what does not."""

from __future__ import annotations

import math
import threading

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from tests.sampling.stage import lower

import telemetry
from telemetry.config import SamplingRule
from telemetry.errors import ConfigurationError
from telemetry.testing import Recording, isolated


def kept(recording: Recording) -> bool:
    """Record a trace; tell whether it was kept."""
    before = len(recording.spans)
    lower("add")
    return len(recording.spans) > before


def test_the_sampler_changes_at_run_time() -> None:
    """By name, by ratio, by object, and back."""
    with isolated() as recording:
        runtime = recording.runtime
        assert kept(recording)
        wishes = [("always_off", False), (1.0, True), (ALWAYS_OFF, False), ("always_on", True), (0, False)]
        for given, expected in wishes:
            runtime.sample(given)
            assert kept(recording) == expected


def test_rules_and_keeping_change_at_run_time() -> None:
    """Rules come and go, and so does the wish for failures; what is not named stays as it was."""
    with isolated(sampler="always_off") as recording:
        runtime = recording.runtime
        runtime.sample(rules=[SamplingRule(name="codegen.*")])
        assert kept(recording)
        runtime.sample(rules=())
        assert not kept(recording)
        runtime.sample(keep_slower_than_ms=0)
        assert kept(recording)
        runtime.sample(keep_slower_than_ms=math.inf, keep_failures=True)
        assert not kept(recording)
        with pytest.raises(ValueError, match="add"):
            lower("add", fails=True)
        assert recording.spans[-1].status == "error"
        runtime.sample(keep_failures=False)
        assert not kept(recording)


def test_open_traces_go_on_as_they_began() -> None:
    """A trace that was taken stays taken with all that begins in it later; one that waits for a verdict gets it."""
    with isolated() as recording:
        with telemetry.span("pipeline.run"):
            recording.runtime.sample("always_off", keep_failures=True)
            lower("add")
        assert len(recording.spans) == 3
        with telemetry.span("pipeline.run"):
            recording.runtime.sample("always_on", keep_failures=False)
            with pytest.raises(ValueError, match="add"):
                lower("add", fails=True)
        assert [span.name for span in recording.spans[3:]] == ["plan.compile_graph", "codegen.lower", "pipeline.run"]
        assert kept(recording)


def test_a_wrong_wish_changes_nothing() -> None:
    """It is refused as a setting would be, and says what to give."""
    with isolated(sampler="always_off") as recording:
        for wrong in ("sometimes", 1.5, object()):
            with pytest.raises(ConfigurationError):
                recording.runtime.sample(wrong, keep_failures=True)
        assert not kept(recording)


def test_any_thread_may_change_it_while_others_record() -> None:
    """Whatever the order, each trace is kept whole or not at all."""
    with isolated() as recording:
        threads = [threading.Thread(target=lambda: [lower("add") for _ in range(300)]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for turn in range(20):
            recording.runtime.sample("always_off" if turn % 2 else 0.5, keep_failures=bool(turn % 3))
        for thread in threads:
            thread.join()
        spans = recording.spans
        out = recording.losses.get("sampled_out", 0)
    assert len({span.trace_id for span in spans}) * 2 == len(spans)
    assert len(spans) + out == 1200
