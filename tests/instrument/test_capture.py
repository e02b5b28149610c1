"""What is captured: by path or callable, when the function is called, as what an attribute or label may hold."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, UserDict
from collections.abc import Callable, Generator, Mapping
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
import wrapt

from telemetry import current_span, instrument_span, record_metric
from telemetry.testing import Recording


def captured(given: Any, recording: Recording, *args: Any, **kwargs: Any) -> Any:
    """Call a function of `value` that captures this, and give the attribute; the string `absent` without one."""

    @instrument_span("job", capture={"job.value": given})
    def job(value: Any = None, other: Any = "other") -> None:
        """Do nothing."""

    job(*args, **kwargs)
    return recording.spans[-1].attributes.get("job.value", "absent")


class Backend:
    """Has what paths lead to."""

    name = "c-gcc"
    config: Mapping[str, Any] = MappingProxyType({"items": 3, "deep": {"keys": "found"}})
    reads = 0

    @property
    def raises(self) -> str:
        """Raise."""
        type(self).reads += 1
        raise ConnectionError("gone")

    @property
    def misses(self) -> str:
        """Raise what looks like a missing attribute."""
        raise AttributeError("half-made")

    def method(self) -> str:
        """Stand to be called."""
        return "called"

    def __getattr__(self, name: str) -> str:
        if name == "dynamic":
            return "made up"
        raise AttributeError(name)


class CallableNode:
    """A callable with attributes, as a neural network's layer is."""

    name = "layer"

    def __call__(self) -> None:
        """Run."""


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("value", "text", "text"),
        ("value.name", Backend(), "c-gcc"),
        ("value.dynamic", Backend(), "made up"),
        ("value.config.items", Backend(), 3),
        ("value.config.deep.keys", Backend(), "found"),
        ("value.name", {"name": "x"}, "x"),
        ("value.items", {"items": "a key"}, "a key"),
        ("value.keys.pop", {"keys": {"pop": 1}}, 1),
        ("value.get", UserDict({"get": 2}), 2),
        ("value.a.b.c.d", {"a": SimpleNamespace(b={"c": SimpleNamespace(d="deep")})}, "deep"),
        ("value.node.name", SimpleNamespace(node=CallableNode()), "layer"),
        ("value.__class__.__name__", Backend(), "Backend"),
        ("other", None, "other"),
    ],
)
def test_paths_lead_through_attributes_and_keys(
    path: str, value: object, expected: object, recording: Recording
) -> None:
    """An attribute first, or a key of a mapping, which wins over the mapping's own method; defaults are applied."""
    assert captured(path, recording, value) == expected
    assert recording.losses == {}


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("value.nmae", Backend(), "value.nmae: AttributeError: 'Backend' object has no attribute 'nmae'"),
        ("value.name", None, "value.name: AttributeError: 'NoneType' object has no attribute 'name'"),
        ("value.missing", {}, "value.missing: KeyError: 'missing'"),
        ("value.items", {}, "value.items: KeyError: 'items'"),
        ("value.raises", Backend(), "value.raises: ConnectionError: gone"),
        ("value.misses", Backend(), "value.misses: AttributeError: 'Backend' object has no attribute 'misses'"),
        ("value.method", Backend(), "value.method: TypeError: 'method' is to be called, and a path calls nothing"),
        ("value.0", ["first"], None),
    ],
)
def test_a_path_that_leads_nowhere_is_no_attribute(
    path: str, value: object, reason: str | None, recording: Recording
) -> None:
    """The call goes on as ever; what is missing is counted, and the reason is kept."""
    if reason is None:
        with pytest.raises(ValueError, match="is no path of names; use a callable"):
            captured(path, recording, value)
        return
    assert captured(path, recording, value) == "absent"
    assert recording.losses == {"capture_failed": 1}
    [(_, detail)] = recording.runtime.breaches.named()
    assert detail.startswith(reason)


def test_a_property_that_raises_is_read_once(recording: Recording) -> None:
    """A property is the user's code and may be slow: it is not tried again."""
    before = Backend.reads
    captured("value.raises", recording, Backend())
    assert Backend.reads == before + 1


class Unprintable:
    """Its text cannot be had."""

    def __str__(self) -> str:
        raise OSError("no text")


class Colour(Enum):
    """An enumeration of names."""

    RED = "red"
    GREEN = 2


class Level(IntEnum):
    """An enumeration of numbers."""

    HIGH = 3


class Word(StrEnum):
    """An enumeration of texts."""

    YES = "yes"


class Name(str):
    """A text with another representation."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not this"


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (3, 3),
        (2.5, 2.5),
        (-(2**63), -(2**63)),
        (2**63, "9223372036854775808"),
        (10**5000, "<int whose str() raised ValueError>"),
        (None, "absent"),
        (Colour.RED, "red"),
        (Colour.GREEN, "GREEN"),
        (Level.HIGH, 3),
        (Word.YES, "yes"),
        (Name("text"), "text"),
        (Path("/tmp/x"), "/tmp/x"),
        (b"bytes \xff", "bytes \\xff"),
        ([], ()),
        ([1, 2], (1, 2)),
        ((1, 2.5), (1.0, 2.5)),
        ([1, "a", True], ("1", "a", "true")),
        ([True, False], (True, False)),
        ([[1], [2, 3]], ("[1]", "[2, 3]")),
        (["a", None], ("a", "None")),
        (LOOP, ("[[...]]",)),
        ({"a": 1}, "{'a': 1}"),
        (OrderedDict(a=1), str(OrderedDict(a=1))),
        (Unprintable(), "<Unprintable whose str() raised OSError>"),
        ([Unprintable(), 1], ("<Unprintable whose str() raised OSError>", "1")),
        (float("inf"), math.inf),
        (wrapt.ObjectProxy("proxied"), "proxied"),
        (Exception("text"), "text"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_become_what_an_attribute_may_hold(value: object, expected: object, recording: Recording) -> None:
    """A primitive stays, a list becomes a tuple of one type, and everything else its text; None is no attribute."""
    found = captured("value", recording, value)
    assert (found, type(found)) == (expected, type(expected))
    assert recording.losses == {}


def test_not_a_number_stays_one(recording: Recording) -> None:
    """NaN is a double like any other in an attribute."""
    assert math.isnan(captured("value", recording, math.nan))


def test_large_values_are_bounded(recording: Recording) -> None:
    """Text that was made from an object has at most 4096 characters, and a list 1000 items."""
    assert len(captured("value", recording, {"a": "x" * 10_000})) == 4096
    assert len(captured("value", recording, list(range(10_000)))) == 1000
    assert len(captured("value", recording, "x" * 10_000)) == 10_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (1, "1"), (True, "true"), (2.5, "2.5"), (Colour.RED, "red"), (Word.YES, "yes"), (Path("a/b"), "a/b")],
)
def test_labels_are_text(value: object, expected: str, recording: Recording) -> None:
    """A captured label is the text of the value; a span attribute of the same source keeps its type."""

    @record_metric("shop_jobs_total", capture={"worker": "value"})
    @instrument_span("job", capture={"job.value": "value"})
    def job(value: object) -> None:
        """Do nothing."""

    job(value)
    assert recording.value("shop_jobs_total", worker=expected) == 1.0
    assert len(recording.spans) == 1


def test_a_callable_gets_all_arguments_read_only(recording: Recording) -> None:
    """It sees every parameter by name with defaults applied, and can change none."""
    seen: list[Mapping[str, Any]] = []

    def read(arguments: Mapping[str, Any]) -> str:
        seen.append(arguments)
        arguments["a"] = 2  # type: ignore[index]  # what must fail
        return "unreached"

    @instrument_span("job", capture={"job.value": read})
    def job(a: int, /, b: int = 2, *rest: int, c: int = 3, **more: int) -> None:
        """Do nothing."""

    job(1, 4, 5, 6, d=7)
    assert dict(seen[0]) == {"a": 1, "b": 4, "rest": (5, 6), "c": 3, "more": {"d": 7}}
    assert recording.losses == {"capture_failed": 1}


def test_arguments_are_read_at_the_call(recording: Recording) -> None:
    """A coroutine or generator that runs later records the values of the moment when it was called."""
    state = SimpleNamespace(name="at the call")

    @instrument_span("job", capture={"job.name": "state.name", "job.text": lambda arguments: arguments["state"].name})
    async def later(state: Any) -> None:
        """Do nothing."""

    @instrument_span("job", capture={"job.name": "state.name"})
    def items(state: Any) -> Generator[int, None, None]:
        yield 1

    coroutine, generator = later(state), items(state)
    state.name = "after it"
    asyncio.run(coroutine)
    assert list(generator) == [1]
    assert [span.attributes["job.name"] for span in recording.spans] == ["at the call"] * 2
    assert recording.spans[0].attributes["job.text"] == "at the call"


@pytest.mark.parametrize("asynchronous", [False, True])
def test_results_are_read_from_what_is_returned(asynchronous: bool, recording: Recording) -> None:
    """By path or callable, of a function and of a coroutine; what cannot be read is counted."""
    result = {"cache_hit": True, "size": 3}
    sources: dict[str, str | Callable[[Any], Any]] = {
        "job.hit": "cache_hit",
        "job.size": lambda made: made["size"],
        "job.none": lambda made: None,
        "job.gone": "gone",
        "job.boom": lambda made: made["boom"],
    }

    @instrument_span("job", result=sources)
    def job() -> Any:
        return result

    @instrument_span("job", result=sources)
    async def later() -> Any:
        return result

    assert (asyncio.run(later()) if asynchronous else job()) is result
    assert recording.spans[0].attributes == {"host.kind": "online", "job.hit": True, "job.size": 3}
    assert recording.losses == {"capture_failed": 2}


def test_one_source_is_read_once_a_call(recording: Recording) -> None:
    """However many attributes and labels use a path or a callable, the user's code runs once."""
    reads: list[str] = []

    class Worker:
        @property
        def name(self) -> str:
            """Count the reads."""
            reads.append("name")
            return "w"

    def other(arguments: Any) -> str:
        reads.append("other")
        return "o"

    @record_metric("shop_jobs_total", capture={"worker": "worker.name"})
    @record_metric("shop_job_duration_seconds", capture={"worker": other})
    @instrument_span("job", capture={"job.a": "worker.name", "job.b": "worker.name", "job.c": other})
    def job(worker: Worker) -> None:
        """Do nothing."""

    job(Worker())
    assert sorted(reads) == ["name", "other"]


def test_attributes_that_are_set_inside_win(recording: Recording) -> None:
    """Static, captured, set inside: the later word counts."""

    @instrument_span("job", attributes={"job.a": "static", "job.b": "static"}, capture={"job.b": "b", "job.c": "b"})
    def job(b: str) -> None:
        current_span().set_attribute("job.c", "inside")  # type: ignore[union-attr]

    job("captured")
    assert recording.spans[0].attributes == {
        "host.kind": "online",
        "job.a": "static",
        "job.b": "captured",
        "job.c": "inside",
    }


def test_an_interrupt_in_a_capture_goes_on(recording: Recording) -> None:
    """KeyboardInterrupt is never swallowed, and leaves no context behind."""

    class Worker:
        @property
        def name(self) -> str:
            """Be interrupted."""
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        captured("value.name", recording, Worker())
    assert current_span() is None
