"""What is captured of arguments and results, and what is refused."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import pytest

import telemetry
from telemetry.testing import isolated


class Colour(enum.Enum):
    """An enum that is no string."""

    RED = 1


class Mood(enum.StrEnum):
    """An enum that is a string."""

    FINE = "fine"


class Broken:
    """Whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    @property
    def name(self) -> str:
        """Fail to be read."""
        raise RuntimeError("no name")


def _captured(value: Any, path: str = "given") -> Any:
    """Capture one argument; give the attribute that came out."""
    with isolated() as recording:
        decorate = telemetry.instrument_span("spec.parse", capture={"telemetry.value": path})
        decorate(_take)(value)
        return recording.spans[0].attributes.get("telemetry.value"), recording.losses


def _take(given: Any) -> Any:
    return given


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("text", "text"),
        (True, True),
        (3, 3),
        (2.5, 2.5),
        (None, None),
        (1 << 70, str(1 << 70)),
        ([1, 2], (1, 2)),
        ((True, False), (True, False)),
        ([1, "a"], ("1", "a")),
        (Path("a/b"), "a/b"),
        (Colour.RED, "RED"),
        (Mood.FINE, "fine"),
    ],
)
def test_a_captured_value_is_a_primitive(value: Any, kept: Any) -> None:
    """Primitives stay, sequences become tuples, the rest becomes text; None sets nothing."""
    assert _captured(value) == (kept, {})


def test_a_path_reads_attributes_and_keys() -> None:
    """`a.b` is attribute `b`, or key `b` of a mapping, even where a mapping has a method of that name."""
    assert _captured(Path("x.spec"), "given.suffix") == (".spec", {})
    assert _captured({"items": "mine"}, "given.items") == ("mine", {})


@pytest.mark.parametrize("value", [Broken(), object(), {}, None])
def test_what_cannot_be_read_is_absent_and_counted(value: Any) -> None:
    """A missing name or a property that raises leaves the attribute out; the call goes on."""
    assert _captured(value, "given.name") == (None, {"capture_failed": 1})


def test_text_that_cannot_be_made_does_not_harm() -> None:
    """An object whose `str()` raises is captured as a text that says so."""
    text, losses = _captured(Broken())
    assert "RuntimeError" in text
    assert losses == {}


def test_a_callable_gets_all_arguments_read_only() -> None:
    """It sees defaults too, cannot change anything, and may fail."""

    def work(a: int, b: int = 2, *rest: int, **more: int) -> None: ...

    def change(arguments: Any) -> Any:
        arguments["a"] = 3

    with isolated() as recording:
        capture = {"telemetry.all": lambda arguments: repr(dict(arguments)), "telemetry.bad": change}
        telemetry.instrument_span("spec.parse", capture=capture)(work)(1, 5, 6, c=7)
        attributes = recording.spans[0].attributes
        assert attributes["telemetry.all"] == "{'a': 1, 'b': 5, 'rest': (6,), 'more': {'c': 7}}"
        assert "telemetry.bad" not in attributes
        assert recording.losses == {"capture_failed": 1}


def test_names_of_parameters_do_not_collide() -> None:
    """Parameters may be called like builtins, or like anything that a wrapper needs."""

    def odd(self: int, len: int, str: int, span: int, site: int, function: int, *, result: int) -> list[int]:  # noqa: A002
        return [self, len, str, span, site, function, result]

    with isolated():
        wrapped = telemetry.instrument_span("spec.parse", capture={"telemetry.x": "len"})(odd)
        assert wrapped(1, 2, 3, 4, 5, 6, result=7) == [1, 2, 3, 4, 5, 6, 7]


def test_a_wrong_call_fails_as_the_original_does() -> None:
    """The TypeError of a call that does not fit is the function's own."""

    def work(a: int, /, b: int, *, c: int) -> None: ...

    with isolated():
        wrapped: Any = telemetry.instrument_span("spec.parse")(work)
        for args, kwargs in (((), {}), ((1,), {}), ((1, 2, 3), {"c": 1}), ((1, 2), {"d": 1})):
            with pytest.raises(TypeError) as theirs:
                work(*args, **kwargs)
            with pytest.raises(TypeError) as ours:
                wrapped(*args, **kwargs)
            assert str(ours.value) == str(theirs.value)


def test_an_exception_is_recorded_once_at_its_origin() -> None:
    """Three nested spans share one event; each is an error with the type; `raise … from` is a new origin."""

    @telemetry.instrument_span("spec.parse")
    def inner() -> None:
        raise KeyError("secret password=hunter2")

    @telemetry.instrument_span("plan.compile_graph")
    def middle() -> None:
        inner()

    @telemetry.instrument_span("pipeline.run", attributes={"cicd.pipeline.name": "x", "cicd.pipeline.run.id": "y"})
    def outer() -> None:
        try:
            middle()
        except KeyError as error:
            raise ValueError("new") from error

    with isolated() as recording:
        with pytest.raises(ValueError, match="new"):
            outer()
        spans = recording.spans
    assert [len(span.events) for span in spans] == [1, 0, 1]
    assert [span.status for span in spans] == ["error"] * 3
    assert [span.attributes["error.type"] for span in spans] == ["KeyError", "KeyError", "ValueError"]
    event = spans[0].events[0].attributes
    assert "hunter2" not in str(event)
    assert "in " + inner.__qualname__ in str(event["exception.stacktrace"])


@pytest.mark.parametrize(
    ("decorate", "finding"),
    [
        (lambda: telemetry.instrument_span("spec.prase"), "did you mean 'spec.parse'"),
        (lambda: telemetry.instrument_span("spec.parse", attributes={"colour": "red"}), "'colour' is not allowed"),
        (lambda: telemetry.instrument_span("spec.parse", capture={"spec.path": "nope"}), "reads 'nope'"),
        (lambda: telemetry.record_metric("compile_success_totals"), "did you mean 'compile_success_total'"),
        (lambda: telemetry.record_metric("compile_success_total"), "label 'backend' has no source"),
        (lambda: telemetry.record_metric("backend_maturity", labels={"maturity": "beta"}), "needs value="),
        (lambda: telemetry.record_metric("backend_maturity", labels={"maturity": "odd"}, value=len), "must be one of"),
        (
            lambda: telemetry.record_metric("compile_success_total", labels={"backend": "x", "colour": "red"}),
            "no label 'colour'",
        ),
        (lambda: telemetry.record_metric("compile_failure_total", error={"error_code": "code"}), "on='failure'"),
        (lambda: telemetry.instrument_span("spec.parse", kind="odd"), "use one of internal"),
    ],
)
def test_what_the_contracts_do_not_allow_is_refused_at_decoration(decorate: Any, finding: str) -> None:
    """While recording, each breach is a ContractError that says what was wrong and where."""
    with isolated(), pytest.raises(telemetry.ContractError, match=finding):
        decorate()(_take)
