"""`TelemetryDispatcher.sample`: what changes for traces that begin from then on, and what does not."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest
from opentelemetry import trace
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


def test_rules_come_as_tables_as_well() -> None:
    """What `configure` takes is taken here: tables, or JSON of them, with shares in words."""
    with isolated(sampler="always_off") as recording:
        for rules in (
            [{"name": "codegen.*"}],
            '[{"name": "codegen.*", "ratio": "100%"}]',
            (SamplingRule("codegen.*"),),
        ):
            recording.runtime.sample(rules=rules)  # type: ignore[arg-type]
            assert kept(recording)
            recording.runtime.sample(rules=[{"ratio": "off"}])
            assert not kept(recording)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"rules": [{"nmae": "verify.*"}]}, "'nmae'; a rule may have name"),
    ({"rules": [{"name": 3}]}, "line of text"),
    ({"rules": [{"per_second": -1}]}, "number, 0 or more"),
    ({"rules": [SamplingRule(per_second=-1)]}, "number, 0 or more"),
    ({"rules": [SamplingRule(ratio=1.5)]}, "number, 0 to 1"),
    ({"rules": [object()]}, "list of tables"),
    ({"rules": 3}, "list of tables"),
    ({"rules": {"name": "verify.*"}}, "list of tables"),
    ({"keep_slower_than_ms": -1}, "number, 0 or more"),
    ({"keep_slower_than_ms": math.nan}, "number, 0 or more"),
    ({"keep_slower_than_ms": "soon"}, "number, 0 or more"),
    ({"keep_failures": "perhaps"}, "keep_failures='perhaps'"),
]


@pytest.mark.parametrize(("wish", "says"), WRONG)
def test_a_wrong_part_changes_nothing_and_later_wishes_count(wish: dict[str, Any], says: str) -> None:
    """The sampler that was named beside it is not taken either, and the next call finds all as it was."""
    with isolated(sampler="always_off") as recording:
        with pytest.raises(ConfigurationError, match=says):
            recording.runtime.sample("always_on", **wish)
        assert not kept(recording)
        recording.runtime.sample(keep_failures=True)
        assert not kept(recording)
        recording.runtime.sample("always_on")
        assert kept(recording)


@contextmanager
def changing(*wishes: Callable[[], None]) -> Iterator[None]:
    """Ask for one after the other in another thread, with threads that take turns as often as they can."""
    stopped, before = threading.Event(), sys.getswitchinterval()

    def change() -> None:
        while not stopped.is_set():
            for wish in wishes:
                wish()

    changer = threading.Thread(target=change)
    sys.setswitchinterval(1e-6)
    changer.start()
    try:
        yield
    finally:
        stopped.set()
        changer.join()
        sys.setswitchinterval(before)


def decorated() -> None:
    """Record a root of ours."""
    lower("add")


def foreign() -> None:
    """Record a root of OpenTelemetry's API."""
    trace.get_tracer("library").start_span("job").end()


RULES: tuple[dict[str, Any], ...] = {"rules": [{"name": "verify.*"}]}, {"rules": ()}
KEEPING: tuple[dict[str, Any], ...] = {"sampler": "always_off", "keep_failures": True}, {"keep_failures": False}


@pytest.mark.parametrize(("record", "wishes"), [(decorated, RULES), (foreign, RULES), (foreign, KEEPING)])
def test_a_span_that_begins_meanwhile_goes_by_one_wish(record: Callable[[], None], wishes: Any) -> None:
    """Nothing reaches the caller, and nothing is counted as a failure of a sampler or of the watch."""
    with isolated() as recording:
        runtime, (first, second) = recording.runtime, wishes
        if wishes is RULES:  # then spans are shown for another reason as well, with rules or without
            runtime.sample(keep_slower_than_ms=1e9)
        with changing(lambda: runtime.sample(**first), lambda: runtime.sample(**second)):
            until = monotonic() + 0.8
            while monotonic() < until:
                record()
        assert not {"sampler_failed", "processor_failed"} & recording.losses.keys()


def test_a_trace_that_begins_meanwhile_says_what_it_was_taken_by() -> None:
    """The threshold in its `tracestate` is that of the ratio that took it: its id reaches it."""
    with isolated() as recording:
        runtime = recording.runtime
        with changing(lambda: runtime.sample(0.5), lambda: runtime.sample(0.125)):
            until = monotonic() + 0.8
            while monotonic() < until:
                foreign()
        spans = [span for span in recording.spans if span.tracestate]
    thresholds = {"ot=th:8": 0x8 << 52, "ot=th:e": 0xE << 52}
    assert spans
    assert all(span.trace_id & (1 << 56) - 1 >= thresholds[span.tracestate] for span in spans)


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
