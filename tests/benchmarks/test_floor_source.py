"""The compiled floor: it must be a correct wrapper, or everything that is compared with it means nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, ContextVar
from pathlib import Path

import pytest
from benchmarks import floor

PARTS: tuple[floor.Part, ...] = ("pass", "clocks", "context", "append", "all")


def echo(*args: object, **kwargs: object) -> object:
    """Give back what came in."""
    return args, kwargs


def refuse() -> None:
    """Fail as a body may."""
    raise LookupError("no such clause")


@pytest.mark.parametrize("part", PARTS)
def test_arguments_and_result_pass_through(part: floor.Part) -> None:
    """Each part hands positional and keyword arguments on, and the result back."""
    assert floor.wrap(part, echo)(1, "two", key=3.0) == ((1, "two"), {"key": 3.0})


@pytest.mark.parametrize("part", PARTS)
def test_exceptions_pass_through(part: floor.Part) -> None:
    """Each part lets the function's own exception out, unchanged."""
    with pytest.raises(LookupError, match="no such clause"):
        floor.wrap(part, refuse)()


@pytest.mark.parametrize("part", ["context", "all"])
@pytest.mark.parametrize("body", [echo, refuse])
def test_context_is_set_inside_and_reset_after(part: floor.Part, body: Callable[[], object]) -> None:
    """The variable holds the wrapper during the call and nothing after it, whether the function returns or raises."""
    variable: ContextVar[object] = ContextVar("test")
    seen: list[object] = []

    def look() -> object:
        seen.append(variable.get(None))
        return body()

    wrapped = floor.load().Floor(part, look, variable, [])
    context = Context()
    with suppress(LookupError):
        context.run(wrapped)
    assert seen == [wrapped]
    assert variable not in context


@pytest.mark.parametrize("part", ["append", "all"])
def test_records_stay_within_their_bound(part: floor.Part) -> None:
    """The list gets one object a call, and is emptied when it is full."""
    records: list[object] = []
    wrapped, bound = floor.wrap(part, echo, records=records), floor.load().BOUND
    for _ in range(bound - 1):
        wrapped()
    assert len(records) == bound - 1
    wrapped()
    assert records == []


@pytest.mark.parametrize("part", ["clocks", "all"])
def test_clocks_are_read(part: floor.Part) -> None:
    """The start is civil time in nanoseconds since the epoch, the duration what the monotonic clock saw."""
    wrapped = floor.wrap(part, time.sleep)
    before = time.time_ns()
    wrapped(0.002)
    assert before <= wrapped.start_ns <= time.time_ns()
    assert 2_000_000 <= wrapped.duration_ns < 1_000_000_000


@pytest.mark.parametrize("part", PARTS)
def test_calls_leak_no_reference(part: floor.Part) -> None:
    """A thousand calls leave the reference counts of the argument, the result and the wrapper as they were."""
    argument = object()
    wrapped = floor.wrap(part, lambda value: value)
    before = sys.getrefcount(argument), sys.getrefcount(wrapped)
    for _ in range(1000):
        wrapped(argument)
    assert (sys.getrefcount(argument), sys.getrefcount(wrapped)) == before


def test_unknown_part_is_refused() -> None:
    """A part that does not exist is an error that names those that do."""
    with pytest.raises(ValueError, match="no part 'clock'; take pass, clocks"):
        floor.wrap("clock", echo)  # type: ignore[arg-type]


def test_compiled_file_stays_out_of_the_sources() -> None:
    """What is compiled lies under `build`, never beside the source."""
    floor.load()
    assert list(floor.CACHE.glob("*/floor*.so"))
    assert not list(floor.SOURCE.parent.rglob("*.so"))


def test_missing_compiler_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without gcc the error says what is missing and what to do."""
    monkeypatch.delitem(sys.modules, "floor", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="gcc, which is not on PATH; install it"):
        floor.load()


def test_broken_source_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A source that gcc refuses fails with gcc's own words, and leaves no file to be loaded later."""
    source = tmp_path / "floor.c"
    source.write_text("this is no C\n")
    monkeypatch.delitem(sys.modules, "floor", raising=False)
    monkeypatch.setattr(floor, "SOURCE", source)
    monkeypatch.setattr(floor, "CACHE", tmp_path / "cache")
    with pytest.raises(RuntimeError, match=r"floor\.c: gcc failed with status 1"):
        floor.load()
    assert not list((tmp_path / "cache").rglob("*.so"))
