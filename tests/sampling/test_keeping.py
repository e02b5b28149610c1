"""Keep the failures: what becomes of refused traces in which something fails or is slow, and of all others."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any

import pytest
from opentelemetry import trace
from tests.sampling.stage import lower

import telemetry
from telemetry._hotpath import extent
from telemetry.journal import Ledger, OwnMemory, Reader, balance
from telemetry.testing import Recording, isolated


def names(recording: Recording) -> list[str]:
    """Give the names of the spans that were kept."""
    return [span.name for span in recording.spans]


def book(recording: Recording) -> Ledger:
    """Draw up the ledger of this process."""
    return balance(Reader(OwnMemory(recording.runtime.region)))


def failing() -> None:
    """Record a trace that fails."""
    with suppress(ValueError):
        lower("div", fails=True)


@pytest.mark.parametrize("settings", [{"sampler": "always_off"}, {"sampling_rules": [{"ratio": 0}]}])
def test_a_trace_that_fails_is_kept_whole_and_the_others_are_not(settings: dict[str, Any]) -> None:
    """All spans of the failed trace arrive, as sampled; of the others only the count of what was sampled out."""
    with isolated(keep_failures=True, **settings) as recording:
        lower("add")
        failing()
        lower("sub")
        spans = recording.spans
        ledger = book(recording)
    assert [(span.name, span.status) for span in spans] == [("plan.compile_graph", "error"), ("codegen.lower", "error")]
    assert spans[1].attributes["operator.name"] == "div"
    assert len({span.trace_id for span in spans}) == 1
    assert all(span.trace_flags & 1 for span in spans)
    assert recording.losses == {"sampled_out": 4}
    assert (ledger.started, ledger.pending, ledger.sampled_out, ledger.interrupted) == (2, 2, 4, 0)


def test_siblings_before_and_after_the_failure_are_there() -> None:
    """What had ended before comes out of the area, and what ends later goes straight into the ring."""
    with isolated(sampler="always_off", keep_failures=True) as recording:
        with telemetry.span("pipeline.run"):
            lower("add")
            assert recording.spans == []
            assert (book(recording).undecided, book(recording).open, book(recording).interrupted) == (2, 1, 0)
            failing()
            assert len(recording.spans) == 4
            lower("sub")
            assert len(recording.spans) == 6
        assert names(recording)[-1] == "pipeline.run"
        assert book(recording).interrupted == 0


def test_the_flag_on_the_wire_is_off_until_the_verdict() -> None:
    """Whoever is called gets flag 0, as the sampler wanted, and flag 1 once the trace is kept."""
    with isolated(sampler="always_off", keep_failures=True), telemetry.span("pipeline.run") as root:
        assert (root.is_recording(), root.trace_flags & 1) == (True, 0)
        with telemetry.span("spec.parse"):
            carrier: dict[str, str] = {}
            telemetry.inject(carrier)
            assert carrier["traceparent"].endswith("-02")
        failing()
        with telemetry.span("spec.parse"):
            telemetry.inject(carrier)
            assert carrier["traceparent"].endswith("-03")
        telemetry.inject(carrier)
        assert carrier["traceparent"].endswith(f"-{root.span_id:016x}-03")
        assert (root.trace_flags, int(root.get_span_context().trace_flags)) == (3, 3)


@pytest.mark.parametrize(("bound_ms", "kept"), [(0, True), (3_600_000, False)])
def test_a_trace_that_takes_long_is_kept(bound_ms: float, kept: bool) -> None:
    """The bound holds for each span; what takes an hour is not in here."""
    with isolated(sampler="always_off", keep_slower_than_ms=bound_ms) as recording:
        lower("add")
        failing()
        assert len(recording.spans) == (4 if kept else 0)


@pytest.mark.parametrize(("flag", "kept"), [("00", 2), ("01", 2)])
def test_a_remote_parent_that_refused_is_no_reason_to_lose_a_failure(flag: str, kept: int) -> None:
    """The span below a remote parent is a local root: its verdict is about what is below it."""
    with isolated(keep_failures=True) as recording:
        token = telemetry.attach(telemetry.extract({"traceparent": f"00-{1:032x}-{2:016x}-{flag}"}))
        lower("add")
        assert len(recording.spans) == (0 if flag == "00" else 2)
        failing()
        telemetry.detach(token)
        found = recording.spans[-kept:]
    assert [(span.trace_id, span.name) for span in found] == [(1, "plan.compile_graph"), (1, "codegen.lower")]
    assert (found[1].parent_span_id, found[1].parent_is_remote) == (2, True)


def test_spans_of_opentelemetrys_api_wait_too() -> None:
    """As root, in the middle and as leaf, with decorated functions around and inside."""
    with isolated(sampler="always_off", keep_failures=True) as recording:
        tracer = trace.get_tracer("library")
        for fails in (False, True):
            with telemetry.span("pipeline.run"), tracer.start_as_current_span("api"), suppress(ValueError):
                lower("add", fails=fails)
            with suppress(ValueError), tracer.start_as_current_span("root"):
                lower("add", fails=fails)
        lowered = ["plan.compile_graph", "codegen.lower"]
        assert names(recording) == [*lowered, "api", "pipeline.run", *lowered, "root"]
        ledger = book(recording)
    assert (ledger.started, ledger.sampled_out, ledger.interrupted) == (7, 7, 0)


def test_a_task_that_outlives_its_parent_shares_the_verdict() -> None:
    """A child that begins after its parent span has ended belongs to the trace as long as the root is open."""

    async def work() -> None:
        with telemetry.span("pipeline.run"):
            with telemetry.span("spec.parse"):
                gate = asyncio.Event()

                async def late() -> None:
                    await gate.wait()
                    failing()

                task = asyncio.create_task(late())
            gate.set()
            await task

    with isolated(sampler="always_off", keep_failures=True) as recording:
        asyncio.run(work())
        assert sorted(names(recording)) == ["codegen.lower", "pipeline.run", "plan.compile_graph", "spec.parse"]


def test_what_ends_after_the_verdict_to_drop_is_sampled_out() -> None:
    """The root's end decides; a child that is still open then is counted, and begins nothing anew."""
    with isolated(sampler="always_off", keep_failures=True) as recording:
        root = telemetry.span("pipeline.run")
        with root:
            child = telemetry.span("spec.parse")
        child.record_exception(ValueError("late"))
        child.set_status("error")
        child.end()
        assert (names(recording), recording.losses) == ([], {"sampled_out": 2})
        assert (book(recording).started, book(recording).open) == (0, 0)


def test_ten_times_too_many_stay_within_the_bound() -> None:
    """The oldest make way and are counted; what is left of the trace is kept, and everything adds up."""
    room = 1 << 16
    with isolated(sampler="always_off", keep_failures=True, undecided_bytes=room) as recording:
        cells = room // extent.CELL_BYTES
        with telemetry.span("pipeline.run"):
            for _ in range(5 * cells):
                lower("add")
            assert recording.runtime.region.words[extent.UNDECIDED_USED] == room
            assert book(recording).undecided == cells
            failing()
        kept, ledger = len(recording.spans), book(recording)
    assert recording.losses == {"undecided_full": ledger.undecided_full}
    assert kept + ledger.undecided_full == 10 * cells + 3 == ledger.started
    assert cells <= kept <= cells + 3
    assert ledger.interrupted == 0


def test_long_spans_take_several_places() -> None:
    """A span of many kilobytes comes out as it went in; one larger than all the room is counted."""
    with isolated(sampler="always_off", keep_failures=True, undecided_bytes=1 << 16) as recording:
        with telemetry.span("pipeline.run"):
            lower("x" * 5000)
            with telemetry.span("spec.parse") as large:
                for _ in range(30):
                    large.add_event("noted", {"text": "y" * 4000})
            failing()
        operators = [span.attributes.get("operator.name") for span in recording.spans]
        assert "spec.parse" not in names(recording)
    assert operators == [None, "x" * 5000, None, "div", None]
    assert recording.losses == {"undecided_full": 1}


def test_a_trace_that_nobody_ends_gives_its_room_back() -> None:
    """A root that is forgotten counts as abandoned, and what was held for it as sampled out."""
    with isolated(sampler="always_off", keep_failures=True) as recording:
        root = telemetry.span("pipeline.run")
        token = telemetry.attach({**telemetry.extract({}), **trace.set_span_in_context(root)})  # type: ignore[arg-type]
        lower("add")
        telemetry.detach(token)
        assert book(recording).undecided == 2
        del root, token
        gc.collect()
        assert book(recording).undecided == 0
        assert recording.losses == {"sampled_out": 2}


def test_at_shutdown_what_is_undecided_is_kept() -> None:
    """Spans that have ended go out, though their root is still open; nobody will decide any more."""
    with isolated(sampler="always_off", keep_failures=True) as recording, telemetry.span("pipeline.run"):
        lower("add")
        recording.runtime.shutdown()
        assert names(recording) == ["plan.compile_graph", "codegen.lower"]


def test_a_forked_child_has_nothing_of_its_parents() -> None:
    """The child begins with an empty area; spans that it ends in the parent's trace are its own."""
    with isolated(sampler="always_off", keep_failures=True) as recording:
        with telemetry.span("pipeline.run"):
            lower("add")
            child = os.fork()
            if child == 0:
                before = book(recording).undecided
                lower("sub")
                os._exit(10 * before + book(recording).undecided)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
            assert book(recording).undecided == 2
            failing()
        assert len(recording.spans) == 5


def test_threads_may_end_spans_of_one_trace_while_it_is_decided() -> None:
    """In an area that is too small, with a failure in the middle, every span is somewhere, and counted once."""
    with isolated(sampler="always_off", keep_failures=True, undecided_bytes=1 << 16) as recording:
        for _ in range(3):
            with telemetry.span("pipeline.run"):

                def work() -> None:
                    for turn in range(200):
                        lower("add")
                        if turn == 150:
                            failing()

                threads = [threading.Thread(target=copy_context().run, args=(work,)) for _ in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        found, ledger = recording.spans, book(recording)
    assert ledger.started == 3 * (1 + 4 * 2 * 201)
    assert len(found) + ledger.undecided_full == ledger.started
    assert len({span.span_id for span in found}) == len(found)
    assert (ledger.undecided, ledger.open, ledger.sampled_out) == (0, 0, 0)


def test_counts_never_fall() -> None:
    """What others make rates of only rises, whatever is decided."""
    with isolated(sampler="always_off", keep_failures=True) as recording:
        words = recording.runtime.region.words
        watched = (extent.STARTED, extent.SAMPLED_OUT, extent.UNDECIDED_DROPPED)
        before = [words[word] for word in watched]
        steps: list[Callable[[], object]] = [lambda: lower("add"), failing] * 5
        for step in steps:
            step()
            after = [words[word] for word in watched]
            assert all(one <= other for one, other in zip(before, after, strict=True))
            before = after
