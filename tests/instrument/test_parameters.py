"""The recording twin takes exactly what the original takes, whatever the parameters are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.instrument.shop import REGISTRY

from telemetry import instrument_span, record_metric
from telemetry.testing import Recording, isolated


def recorded(function: Callable[..., Any], *captured: str) -> Any:
    """Decorate with a span that captures these parameters, a counter and a histogram."""
    capture = {f"job.{number}": name for number, name in enumerate(captured)}
    counter, histogram = record_metric("shop_ticks_total"), record_metric("shop_job_duration_ms")
    return counter(histogram(instrument_span("job", capture=capture)(function)))


def define(signature: str, name: str = "job", kind: str = "def") -> Callable[..., Any]:
    """Define a function that gives all its arguments by name; its body holds no other name."""
    found: dict[str, Any] = {}
    exec(f"{kind} {name}({signature}): return locals()", found)
    return found[name]  # type: ignore[no-any-return]


SIGNATURES = [
    "",
    "a",
    "a, /",
    "a, /, b",
    "a, b=2",
    "a, b=2, /, c=3",
    "*, a",
    "*, a=1, b",
    "*args",
    "**kwargs",
    "*args, **kwargs",
    "a, *args, b, c=3, **kwargs",
    "a, /, b=2, *, c, d=4",
    "a=1, /, *, b=2, **c",
    "self, cls",
    "len, str, print, type, callable, bool",
    "result, span, site, error, function, begun, queue, spill, wrapper, build",
    "KeyError, Exception, BaseException, AttributeError, ValueError",
    "job, *, capture, label, clean, monotonic, now, sequence",
    "args, *kwargs, **_",
    "_telemetry, __a, __b__",
    "ambient, variable, current, attach, detach, holding, activate",
    "é, ñandú, 变量",
    ", ".join(f"parameter_{number}" for number in range(60)),
    ", ".join(f"p{number}={number}" for number in range(60)) + ", *rest, " + ", ".join(f"k{n}" for n in range(30)),
]

CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, 2), {}),
    ((1, 2, 3), {}),
    ((1, 2, 3, 4, 5), {}),
    (tuple(range(6)), {}),
    (tuple(range(10)), {}),
    (tuple(range(60)), {}),
    ((), {"a": 1}),
    ((1,), {"a": 1}),
    ((1,), {"b": 1}),
    ((1,), {"b": 2, "c": 3, "d": 4}),
    ((1, 2), {"c": 3, "odd name": 1}),
    ((), {"b": 1, "result": 2, "_telemetry_v0": 3}),
    ((1,), {"capture": 2, "label": 3, "clean": 4, "monotonic": 5, "now": 6, "sequence": 7}),
]


def outcome(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    """Call, and give the arguments as the body saw them, or the text of the TypeError."""
    try:
        return function(*args, **kwargs)
    except TypeError as error:
        return str(error)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_every_call_is_taken_as_the_original_takes_it(signature: str, recording: Recording) -> None:
    """Right calls give the body the same arguments; wrong ones give the same TypeError, word for word."""
    original = define(signature)
    names = [name for name in inspect.signature(original).parameters if name.isidentifier()]
    twin = recorded(original, *names[:8])
    for args, kwargs in CALLS:
        assert outcome(twin, args, kwargs) == outcome(original, args, kwargs)
    assert inspect.signature(twin) == inspect.signature(original)


@pytest.mark.parametrize("name", ["job", "a", "self", "result", "print", "len", "function", "_telemetry_span"])
def test_a_function_may_be_called_like_its_parameter(name: str, recording: Recording) -> None:
    """The names of functions are free too."""
    original = define("a, self, result, print, len, function", name)
    twin = recorded(original, "a", "print", "function")
    assert twin(1, 2, 3, 4, 5, 6) == original(1, 2, 3, 4, 5, 6)
    assert [span.attributes for span in recording.spans] == [
        {"host.kind": "online", "job.0": 1, "job.1": 4, "job.2": 6}
    ]


def test_defaults_are_the_very_objects(recording: Recording) -> None:
    """A mutable default is shared with the original, as a default that is changed later is."""

    def job(items: list[int] = [], *, more: list[int] = []) -> tuple[list[int], list[int]]:  # noqa: B006 -- the point
        return items, more

    twin = recorded(job, "items")
    items, more = twin()
    assert items is job.__defaults__[0] and more is job.__kwdefaults__["more"]  # type: ignore[index]
    items.append(1)
    assert twin()[0] == [1]


def test_methods_have_the_same_wrong_calls(recording: Recording) -> None:
    """The text counts `self` and names the class, as the original's does."""

    class Job:
        def run(self, number: int) -> None:
            """Run."""

        decorated = recorded(run, "number")

    with pytest.raises(TypeError) as expected:
        Job().run()  # type: ignore[call-arg]
    with pytest.raises(TypeError) as found:
        Job().decorated()
    assert str(found.value) == str(expected.value)
    assert "Job.run()" in str(found.value)


@pytest.mark.parametrize("kind", ["async def", "def"])
def test_wrong_calls_fail_at_the_call(kind: str, recording: Recording) -> None:
    """A coroutine or generator function refuses wrong arguments when it is called, not when it is first resumed."""
    found: dict[str, Any] = {}
    exec(f"{kind} job(a): yield a", found)
    twin = recorded(found["job"], "a")
    with pytest.raises(TypeError, match=r"job\(\) missing 1 required positional argument: 'a'"):
        twin()
    assert recording.spans == []


NAMES = st.lists(
    st.sampled_from(["a", "b", "c", "self", "result", "span", "KeyError", "len", "args", "kwargs", "site", "é"]),
    unique=True,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(names=NAMES, cuts=st.tuples(st.integers(0, 6), st.integers(0, 6)), data=st.data())
def test_any_signature_and_call(names: list[str], cuts: tuple[int, int], data: st.DataObject) -> None:
    """Made-up signatures with made-up calls: the twin that counts and the original agree on arguments and errors."""
    low, high = sorted(cuts)
    positional_only, both, keyword_only = names[:low], names[low:high], names[high:]
    parts = [*positional_only, *(["/"] if positional_only else []), *both, *(["*"] if keyword_only else [])]
    original = define(", ".join([*parts, *keyword_only]))
    twin = instrument_span("job")(original)
    args = tuple(data.draw(st.lists(st.integers(), max_size=4)))
    kwargs = data.draw(st.dictionaries(st.sampled_from([*names, "odd"]), st.integers(), max_size=4))
    with isolated(registry=[REGISTRY]):
        assert outcome(twin, args, kwargs) == outcome(original, args, kwargs)
