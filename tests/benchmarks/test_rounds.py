"""The harness: what it counts, in which order it runs, and what it keeps apart."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar, copy_context
from functools import partial

import pytest
from benchmarks.harness import Call, Case, Effort, Measurement, Subject, measure

BRIEF = Effort(rounds=3, round_ns=100_000)


def spin(seconds: float) -> None:
    """Keep the processor busy in this thread for a time of its own clock."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def opening(call: Call) -> Callable[[ExitStack], Call]:
    """Make an opener that needs nothing closed."""
    return lambda _stack: call


def test_rounds_are_interleaved() -> None:
    """The warm-up and each round run each case once, in the order given."""
    order: list[str] = []
    cases = [Case(name, opening(partial(order.append, name)), number=1) for name in "ab"]
    measure(cases, BRIEF)
    assert order == ["a", "b"] * (1 + BRIEF.rounds)


def test_times_are_divided_by_operations() -> None:
    """A call that does four operations of 1 ms costs 1 ms, by the wall and by the processor."""
    (measured,) = measure([Case("four", opening(lambda: spin(0.004)), calls=4, number=2)], BRIEF)
    assert measured.number == 8
    assert len(measured.beside) == len(measured.costs) == BRIEF.rounds
    assert 1e6 <= measured.least < 2e6
    assert min(measured.beside) >= 1e6
    assert measured.least <= measured.median


def test_number_fills_the_round() -> None:
    """Without a number the harness finds one that makes a round about as long as asked."""
    (measured,) = measure([Case("scaled", opening(lambda: spin(0.0001)))], Effort(rounds=1, round_ns=5_000_000))
    assert 5 <= measured.number <= 60  # 50 on a quiet machine


def test_slow_first_call_does_not_shorten_the_rounds() -> None:
    """What only the first call does, such as importing, has no say in how many calls make a round: that would be 1."""
    seconds = iter([0.05])
    call = lambda: spin(next(seconds, 0.0001))  # noqa: E731 -- the case wants a callable
    (measured,) = measure([Case("lazy", opening(call))], Effort(rounds=1, round_ns=5_000_000))
    assert measured.number > 1


def test_settled_work_counts_as_processor_time_only() -> None:
    """What a case leaves behind shows in its processor time and not in its wall time."""
    subject = Subject(lambda: None, settle=lambda: spin(0.005))
    (measured,) = measure([Case("late", lambda _stack: subject, number=1)], BRIEF)
    assert measured.least >= 5e6
    assert min(measured.beside) < 1e6


def test_preparing_counts_nowhere() -> None:
    """What makes ready for a round runs before each of them, and is in no figure."""
    rounds: list[None] = []

    def prepare() -> None:
        rounds.append(None)
        spin(0.005)

    subject = Subject(lambda: None, prepare=prepare)
    (measured,) = measure([Case("fresh", lambda _stack: subject, number=1)], BRIEF)
    assert len(rounds) == 1 + BRIEF.rounds
    assert measured.least < 1e6


def test_noise_is_the_gap_between_odd_and_even_rounds() -> None:
    """A case that is measured twice over tells by itself what two equal things may differ by."""
    assert Measurement("steady", 1, (100.0, 110.0, 105.0, 120.0)).noise == pytest.approx(0.1)
    assert Measurement("single", 1, (100.0,)).noise == 0


def test_threads_and_children_count() -> None:
    """The processor time of worker threads and of finished child processes belongs to the case that used it."""

    def work_in_thread() -> None:
        worker = threading.Thread(target=spin, args=(0.005,))
        worker.start()
        worker.join()

    program = "import time\nwhile time.process_time() < 0.05: pass"

    def work_in_child() -> None:
        subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)

    cases = [Case("thread", opening(work_in_thread), number=1), Case("child", opening(work_in_child), number=1)]
    thread, child = measure(cases, Effort(rounds=1))
    assert thread.least >= 5e6
    assert child.least >= 5e7


def test_cases_share_no_context() -> None:
    """A case sees what its own opening set, and nothing of this test's or of another case's context."""
    mine: ContextVar[str] = ContextVar("mine")
    token = mine.set("outside")
    seen: dict[str, list[object]] = {"plain": [], "setting": [], "crowded": []}

    def setting(_stack: ExitStack) -> Call:
        mine.set("opened")
        return lambda: seen["setting"].append(mine.get(None))

    measure(
        [
            Case("setting", setting, number=1),
            Case("plain", opening(lambda: seen["plain"].append(mine.get(None))), number=1),
            Case("crowded", opening(lambda: seen["crowded"].append(len(copy_context()))), number=1, variables=12),
        ],
        BRIEF,
    )
    mine.reset(token)
    calls = 1 + BRIEF.rounds
    assert seen == {"plain": [None] * calls, "setting": ["opened"] * calls, "crowded": [12] * calls}


def test_closing_runs_in_the_case_context_in_reverse() -> None:
    """Cases are closed last to first, each where it was opened, so that context tokens can be reset."""
    variable: ContextVar[str] = ContextVar("variable")
    closed: list[str] = []

    def opener(name: str) -> Callable[[ExitStack], Call]:
        def open_case(stack: ExitStack) -> Call:
            stack.callback(variable.reset, variable.set(name))
            stack.callback(lambda: closed.append(variable.get()))
            return lambda: None

        return open_case

    measure([Case("first", opener("first"), number=1), Case("second", opener("second"), number=1)], BRIEF)
    assert closed == ["second", "first"]


def test_failing_case_stops_the_run_and_closes_the_others() -> None:
    """A case that raises is an error, not a row of nonsense; what was opened is closed."""
    closed: list[str] = []

    def open_case(stack: ExitStack) -> Call:
        stack.callback(closed.append, "closed")
        return lambda: 1 // 0

    with pytest.raises(ZeroDivisionError):
        measure([Case("failing", open_case)], BRIEF)
    assert closed == ["closed"]
