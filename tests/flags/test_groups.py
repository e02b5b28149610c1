"""Flags that are on or off: which names they fit, what is still recorded, and that they change while calls go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import telemetry
from telemetry import instrument_span, metric, record_metric, span
from telemetry.errors import ConfigurationError
from telemetry.runtime import current
from telemetry.testing import isolated


@instrument_span("plan.compile_graph")
def plan() -> int:
    """Run a stage inside another."""
    return lower()


@instrument_span("codegen.lower")
@record_metric("lowering_duration_seconds", labels={"backend": "c-gcc", "operator": "clamp", "maturity": "stable"})
def lower() -> int:
    """Run a stage with a metric of its own, and a block."""
    with span("spec.parse"):
        return 7


@record_metric("compile_success_total", on="success", labels={"backend": "c-gcc"})
@record_metric("compile_failure_total", on="failure", labels={"backend": "c-gcc", "error_code": "io"})
def build() -> None:
    """Count only."""


def names() -> list[str]:
    """Run the stages, and give the names of what they recorded, in the order of their ends."""
    with isolated(flags=_shares) as recording:
        assert plan() == 7
    return [each.name for each in recording.spans]


_shares: dict[str, float] = {}


@pytest.fixture(autouse=True)
def _no_flags() -> Iterator[None]:
    _shares.clear()
    yield
    _shares.clear()


@pytest.mark.parametrize(
    ("shares", "recorded"),
    [
        ({}, ["spec.parse", "codegen.lower", "plan.compile_graph"]),
        ({"codegen.*": 0}, ["spec.parse", "plan.compile_graph"]),
        ({"spec.parse": 0}, ["codegen.lower", "plan.compile_graph"]),
        ({"*": 0}, []),
        ({"*": 0, "spec.*": 1}, ["spec.parse"]),
        ({"spec.*": 1, "*": 0}, ["spec.parse"]),
        ({"codegen.*": 0, "codegen.lowe?": 1}, ["spec.parse", "codegen.lower", "plan.compile_graph"]),
        ({"codegen.lowe?": 1, "codegen.?ower": 0}, ["spec.parse", "plan.compile_graph"]),
        ({"CODEGEN.*": 0}, ["spec.parse", "codegen.lower", "plan.compile_graph"]),
    ],
)
def test_the_longest_pattern_that_fits_counts(shares: dict[str, float], recorded: list[str]) -> None:
    """Of two patterns of one length the later one counts; letters are told apart by case."""
    _shares.update(shares)
    assert names() == recorded


def test_what_is_inside_belongs_to_what_is_around() -> None:
    """A span that is off leaves its children to its parent."""
    with isolated(flags={"codegen.*": 0}) as recording:
        plan()
    parse, compiled = recording.spans
    assert parse.parent_span_id == compiled.span_id


def test_off_takes_the_metrics_of_the_site_too() -> None:
    """A function that is off records nothing at all, and the same when it is on again."""
    with isolated(flags={"codegen.lower": "off"}) as recording:
        lower()
        assert recording.value("lowering_duration_seconds") is None
        recording.runtime.flag("codegen.lower", "on")
        lower()
        found = recording.value("lowering_duration_seconds")
    assert getattr(found, "count", None) == 1
    assert recording.losses == {}


def test_a_site_without_a_span_goes_by_its_metrics() -> None:
    """One of two metrics may be off, and handles obey as well; a percentage thins no metric."""
    with isolated(flags={"compile_success_*": 0, "compile_failure_total": 0.01}) as recording:
        build()
        metric("compile_success_total").labels(backend="cuda").inc()
        metric("compile_failure_total").labels(backend="cuda", error_code="io").inc()
        assert recording.value("compile_success_total") is None
        assert recording.value("compile_failure_total") == 1
        recording.runtime.flag("compile_success_*", None)
        build()
        metric("compile_success_total").labels(backend="cuda").inc()
    assert recording.value("compile_success_total", backend="c-gcc") == 1
    assert recording.value("compile_success_total", backend="cuda") == 1


@pytest.mark.parametrize("share", ["on", 0.5, None])
def test_a_pattern_that_is_no_text_is_refused(share: float | str | None) -> None:
    """The message says what to give, and nothing has changed."""
    with isolated() as recording:
        with pytest.raises(ConfigurationError, match=r"flag\(3, .*give a pattern of names as text"):
            recording.runtime.flag(3, share)  # type: ignore[arg-type]
        lower()
    assert len(recording.spans) == 2


@pytest.mark.parametrize("share", ["sometimes", "101%", 1.5, -0.1, ""])
def test_a_share_that_is_none_is_refused(share: float | str) -> None:
    """The message says what was given and what may be, and nothing has changed."""
    with isolated() as recording:
        with pytest.raises(ConfigurationError, match="give 'on', 'off', a percentage"):
            recording.runtime.flag("codegen.*", share)
        lower()
    assert len(recording.spans) == 2


def test_a_flag_of_a_runtime_that_is_not_in_waits_for_it() -> None:
    """It does not touch what another runtime records."""
    with isolated() as outer:
        with isolated():
            outer.runtime.flag("codegen.*", "off")
            assert current() is not outer.runtime
            lower()
        lower()
    assert [each.name for each in outer.spans] == ["spec.parse"]


def test_flags_change_while_calls_go_on() -> None:
    """Threads call on; every result is right, spans stay well-formed, and at the end the last word counts."""
    over = threading.Event()
    wrong: list[object] = []

    def work() -> None:
        while not over.is_set():
            if plan() != 7:
                wrong.append("result")
            if telemetry.current_span() is not None:
                wrong.append("left current")

    with isolated() as recording:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(60):
            recording.runtime.flag("codegen.*", ("off", "50%", "on")[turn % 3])
            recording.runtime.flag("spec.*", ("on", "off", "10%")[turn % 3])
        over.set()
        for thread in threads:
            thread.join()
        recording.runtime.flag("*.*", None)
        recording.runtime.flag("codegen.*", "off")
        recording.runtime.flag("spec.*", "off")
        before = len(recording.spans)
        plan()
        after = [each.name for each in recording.spans[before:]]
    assert wrong == []
    assert after == ["plan.compile_graph"]
    assert set(recording.losses) <= {"queue_full"}


def test_off_is_the_function_itself() -> None:
    """The wrapper goes straight to the function, as before `configure()`."""
    with isolated(flags={"codegen.lower": 0}):
        assert lower._telemetry_target is lower._telemetry_function  # type: ignore[attr-defined]
