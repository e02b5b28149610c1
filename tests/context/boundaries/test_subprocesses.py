"""Children of `subprocess` with the switch: the context is in their copy of the environment, and only there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import UserDict
from collections.abc import Iterator
from typing import Any

import pytest

import telemetry
from telemetry.context import format_traceparent, govern, set_baggage
from telemetry.testing import Recording

CI = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ENV = ["/usr/bin/env"]


@pytest.fixture(autouse=True)
def _unchanged() -> Iterator[None]:
    """See that nobody has touched the environment of this process."""
    before = _own()
    yield
    assert _own() == before


def _own() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def seen(**options: Any) -> dict[str, str]:
    """Run a child; give its environment."""
    done = subprocess.run(ENV, capture_output=True, text=True, check=True, **options)
    return dict(line.partition("=")[::2] for line in done.stdout.splitlines())


def test_a_child_has_the_span_that_started_it(recording: Recording, patched: None) -> None:
    """Beside all that it would inherit."""
    with telemetry.span("job") as span:
        child = seen()
    assert child.pop("TRACEPARENT") == format_traceparent(span)
    assert child.items() >= {name: value for name, value in _own().items() if "\n" not in value}.items()


def test_without_a_span_nothing_is_added(recording: Recording, patched: None) -> None:
    """And an empty environment stays empty."""
    assert "TRACEPARENT" not in seen()
    assert seen(env={}) == {}


def test_an_environment_of_the_callers_gets_it_too(recording: Recording, patched: None) -> None:
    """Empty, a mapping of another type, of bytes, and as a positional argument; what the caller gave is not changed."""
    with telemetry.span("job") as span:
        trace = {"TRACEPARENT": format_traceparent(span)}
        assert seen(env={}) == trace
        given = UserDict({"A": "1"})
        assert seen(env=given) == {"A": "1", **trace}
        assert given.data == {"A": "1"}
        assert seen(env={b"A": b"1"}) == {"A": "1", **trace}
        positional = subprocess.Popen(ENV, -1, None, None, -1, None, None, True, False, None, {"B": "2"})
        assert positional.communicate()[0].decode().split() == ["B=2", f"TRACEPARENT={trace['TRACEPARENT']}"]


def test_a_trace_that_the_caller_chose_stays(recording: Recording, patched: None) -> None:
    """Whoever sets TRACEPARENT for the child, even to nothing, knows why."""
    with telemetry.span("job"):
        assert seen(env={"TRACEPARENT": CI, "TRACESTATE": "a=1"}) == {"TRACEPARENT": CI, "TRACESTATE": "a=1"}
        assert seen(env={b"TRACEPARENT": b""}) == {"TRACEPARENT": ""}


def test_a_copy_of_our_own_environment_is_no_choice(
    recording: Recording, patched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trace that this process was started in gives way to the current span, with what belongs to it."""
    monkeypatch.setenv("TRACEPARENT", CI)
    monkeypatch.setenv("TRACESTATE", "vendor=1")
    monkeypatch.setenv("BAGGAGE", "tenant=old")
    with telemetry.span("job") as span:
        for child in (seen(), seen(env={**os.environ, "C": "3"})):
            assert child["TRACEPARENT"] == format_traceparent(span)
            assert not {"TRACESTATE", "BAGGAGE"} & child.keys()
    assert seen()["TRACEPARENT"] == CI
    monkeypatch.undo()


def test_only_allowed_baggage_goes_along(recording: Recording, patched: None) -> None:
    """Also where there is no span."""
    govern(allows=lambda key: key == "tenant")
    tokens = [set_baggage("tenant", "a b"), set_baggage("other", "x")]
    assert seen(env={}) == {"BAGGAGE": "tenant=a%20b"}
    for token in reversed(tokens):
        telemetry.detach(token)
    govern()


def test_asyncio_starts_them_so_too(recording: Recording, patched: None) -> None:
    """create_subprocess_exec goes through Popen."""

    async def main() -> tuple[str, bytes]:
        with telemetry.span("job") as span:
            child = await asyncio.create_subprocess_exec(*ENV, env={}, stdout=subprocess.PIPE)
            return format_traceparent(span), (await child.communicate())[0]

    expected, said = asyncio.run(main())
    assert said.decode() == f"TRACEPARENT={expected}\n"


def test_posix_spawn_is_used_as_before(recording: Recording, patched: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast way of CPython is taken where it was: an absolute path, and descriptors that are inherited."""
    spawned: list[Any] = []
    spawn = os.posix_spawn

    def note(*arguments: Any, **options: Any) -> int:
        spawned.append(arguments)
        return spawn(*arguments, **options)

    monkeypatch.setattr(os, "posix_spawn", note)
    with telemetry.span("job"):
        child = subprocess.Popen(ENV, close_fds=False, stdout=subprocess.PIPE)
        said, _ = child.communicate()
    assert len(spawned) == (1 if subprocess._USE_POSIX_SPAWN else 0)
    assert b"TRACEPARENT=" in said


def test_errors_are_those_of_popen(recording: Recording, patched: None) -> None:
    """A missing program, an environment that is none, and arguments that do not fit."""
    with telemetry.span("job"):
        with pytest.raises(FileNotFoundError):
            subprocess.Popen(["/nowhere/at/all"])
        with pytest.raises(AttributeError, match="items"):
            subprocess.Popen(ENV, env=3)  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            subprocess.Popen(ENV, colour="red")  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'args'"):
            subprocess.Popen()  # type: ignore[call-overload]
    assert sys.exc_info() == (None, None, None)
