"""The switch: what it changes of the standard library is exact, undone at the end, and leaves others' patches alone."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

import telemetry
from telemetry.context import patch, unpatch
from telemetry.testing import Recording

PLACES = [
    (threading.Thread, "start"),
    (ThreadPoolExecutor, "submit"),
    (ProcessPoolExecutor, "submit"),
    (BaseProcess, "start"),
    (Pool, "apply_async"),
    (Pool, "imap"),
    (Pool, "imap_unordered"),
    (Pool, "map"),
    (Pool, "map_async"),
    (Pool, "starmap"),
    (Pool, "starmap_async"),
    (subprocess.Popen, "__init__"),
]


def now() -> list[Any]:
    """Give what stands in all places."""
    return [vars(owner)[name] for owner, name in PLACES]


def environment() -> dict[str, str]:
    """Copy ours."""
    return dict(os.environ)


def in_thread() -> object:
    """Give what is current in a thread that starts here."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(telemetry.current_span()))
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    """See that a test leaves the standard library as it found it."""
    before = now()
    yield
    assert now() == before


def test_it_is_undone_by_the_last_who_wanted_it(recording: Recording) -> None:
    """Twice is as good as once, two holders need two undoings, and undoing what is not done does nothing."""
    before = now()
    one, other = object(), object()
    for holder in (one, one, other):
        patch(holder, environment)
    assert not any(each is original for each, original in zip(now(), before, strict=True))
    patched = now()
    unpatch(one)
    assert now() == patched
    with telemetry.span("job") as span:
        assert in_thread() is span
    for holder in (other, other, one):
        unpatch(holder)
    assert now() == before
    with telemetry.span("job"):
        assert in_thread() is None


def test_what_is_put_there_looks_as_what_was_there(recording: Recording) -> None:
    """Plain functions of the same name, text and signature, which pickle by name."""
    before = now()
    holder = object()
    patch(holder, environment)
    try:
        for ours, original in zip(now(), before, strict=True):
            assert inspect.isfunction(ours)
            assert inspect.signature(ours) == inspect.signature(original)
            assert (ours.__qualname__, ours.__module__, ours.__doc__) == (
                original.__qualname__,
                original.__module__,
                original.__doc__,
            )
            assert pickle.loads(pickle.dumps(ours)) is ours
    finally:
        unpatch(holder)


def test_somebody_elses_patch_stays(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was put around ours later works on, ours does nothing below it, and comes back once, not twice."""
    original = threading.Thread.start
    holder, calls = object(), []
    patch(holder, environment)
    ours = threading.Thread.start

    def theirs(self: threading.Thread) -> None:
        calls.append(self)
        ours(self)

    theirs.__wrapped__ = ours  # type: ignore[attr-defined]  # as functools.wraps does
    threading.Thread.start = theirs  # type: ignore[method-assign]
    unpatch(holder)
    try:
        assert threading.Thread.start is theirs
        with telemetry.span("job") as span:
            assert in_thread() is None
            patch(holder, environment)
            assert threading.Thread.start is theirs
            assert in_thread() is span
            unpatch(holder)
        assert len(calls) == 2
    finally:
        threading.Thread.start = original  # type: ignore[method-assign]
    patch(holder, environment)
    assert threading.Thread.start is not original, "ours was gone, so it is put there anew"
    unpatch(holder)
    assert threading.Thread.start is original


def test_the_switch_is_a_setting_of_the_runtime() -> None:
    """`patch_stdlib` patches while the runtime runs, and shutting down undoes it, twice too."""
    before = now()
    with telemetry.configure("switch", patch_stdlib=True, journal=False) as runtime:
        assert now() != before
        with telemetry.span("spec.parse") as span:
            assert in_thread() is span
    assert now() == before
    holder = object()
    patch(holder, environment)
    runtime.shutdown()
    assert now() != before
    unpatch(holder)


def test_nothing_is_added_where_there_is_nothing_to_carry(recording: Recording, patched: None) -> None:
    """Outside of spans an executor gets the very function, and a thread runs its own `run`."""
    given: list[object] = []

    class Noting(ThreadPoolExecutor):
        def _adjust_thread_count(self) -> None:
            item = self._work_queue.get()
            given.append(item.fn)
            self._work_queue.put(item)
            super()._adjust_thread_count()

    with Noting(1) as executor:
        executor.submit(int, "3").result()
        with telemetry.span("job"):
            assert executor.submit(int, "4").result() == 4
    assert given[0] is int
    assert given[1] is not int
    thread = threading.Thread()
    thread.start()
    assert "run" not in vars(thread)
    thread.join()


def test_a_submit_of_ones_own_is_left_alone(recording: Recording, patched: None) -> None:
    """An executor that is not of the standard library gets what it was given."""

    class Own(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(fn)
            return future

    with telemetry.span("job"):
        assert Own().submit(int, 3).result() is int


def test_errors_are_the_same(recording: Recording, patched: None) -> None:
    """A missing function, one that cannot be called, arguments that do not fit, and what a task raises."""
    with telemetry.span("job"), ThreadPoolExecutor(1) as executor, ThreadPool(1) as pool:
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'fn'"):
            executor.submit()  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="'int' object is not callable"):
            executor.submit(3).result()  # type: ignore[arg-type]
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'iterable'"):
            pool.map(int)  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="not callable"):
            pool.apply(3)  # type: ignore[arg-type]
        assert executor.submit(dict, fn=1, self=2).result() == {"fn": 1, "self": 2}


def test_a_thread_that_cannot_start_is_as_it_was(recording: Recording, patched: None) -> None:
    """Started twice, never initialised, or ended: the error is the same, and nothing of ours is left in it."""

    class Bare(threading.Thread):
        def __init__(self) -> None:
            """Leave out what a thread needs."""

    with telemetry.span("job"):
        thread = threading.Thread()
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="threads can only be started once"):
            thread.start()
        assert "run" not in vars(thread)
        with pytest.raises(RuntimeError, match=r"thread\.__init__\(\) not called"):
            Bare().start()


def test_a_run_that_was_set_on_a_thread_is_run(recording: Recording, patched: None) -> None:
    """And it stands there again while it runs, and afterwards."""
    found: list[object] = []
    thread = threading.Thread()

    def run() -> None:
        found.extend([telemetry.current_span(), thread.run is run])

    thread.run = run  # type: ignore[method-assign]
    with telemetry.span("job") as span:
        thread.start()
    thread.join()
    assert found == [span, True]
    assert vars(thread)["run"] is run


def test_our_own_threads_belong_to_nobody(recording: Recording, patched: None) -> None:
    """A thread of telemetry's that starts inside a span does not work below it for ever."""
    found: list[object] = []
    with telemetry.span("job"):
        thread = threading.Thread(target=lambda: found.append(telemetry.current_span()), name="telemetry-export")
        thread.start()
        thread.join()
    assert found == [None]
