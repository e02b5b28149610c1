"""Spans and log lines are checked against their contracts: what is missing, what is wrong, what is not allowed."""

from __future__ import annotations

import pytest

from telemetry.contracts import AttributeContract, EventContract, SpanContract, load_registry
from telemetry.contracts.attribute import ValueType
from telemetry.signals import Severity

PACK = load_registry()
COMMON = PACK.attributes
LOWER = {"backend.name": "c-gcc", "operator.name": "gcd", "clause.id": "ab", "host.kind": "online"}
RUN = {"cicd.pipeline.name": "p", "cicd.pipeline.run.id": "1"}
LINE = {"run_id": "r", "organization_slug": "o", "component": "c", "severity": "info", "env": "staging"}


def attribute(type_name: ValueType, **options: str) -> AttributeContract:
    """Declare an attribute named x."""
    return AttributeContract("x", type_name, "X.", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("string", ""),
        ("int", 0),
        ("double", 1.5),
        ("double", 2),
        ("boolean", False),
        ("string[]", ("a", "b")),
        ("string[]", ()),
        ("int[]", [1, 2]),
        ("double[]", (1, 2.5)),
        ("boolean[]", (True,)),
        ("any", "a"),
        ("any", True),
        ("any", (1, 2)),
    ],
)
def test_values_that_fit(type_name: ValueType, value: object) -> None:
    """A value of the declared type is right; so are an int for a double, and a list for a tuple."""
    assert attribute(type_name).breach(value) is None


@pytest.mark.parametrize(
    ("type_name", "value", "shown"),
    [
        ("string", 1, "int 1"),
        ("string", None, "NoneType None"),
        ("string", b"a", "bytes b'a'"),
        ("int", True, "bool True"),
        ("int", 1.0, "float 1.0"),
        ("double", "1", "'1'"),
        ("double", True, "bool True"),
        ("boolean", 1, "int 1"),
        ("string[]", "ab", "'ab'"),
        ("string[]", ("a", 1), "tuple ('a', 1)"),
        ("int[]", (True,), "tuple (True,)"),
        ("any", None, "NoneType None"),
        ("any", {"a": 1}, "dict {'a': 1}"),
        ("any", ("a", 1), "tuple ('a', 1)"),
        ("int", "x" * 1000, "'" + "x" * 60 + "'"),
    ],
)
def test_values_that_do_not_fit(type_name: ValueType, value: object, shown: str) -> None:
    """The breach says the type and shows the value, a long one cut off."""
    assert attribute(type_name).breach(value) == f"must be {type_name}; it is {shown}"


def test_closed_values() -> None:
    """A closed attribute takes its values, an array of it only such members."""
    one = AttributeContract("x", "string", "X.", values=frozenset({"a", "b"}))
    many = AttributeContract("x", "string[]", "X.", values=frozenset({"a", "b"}))
    assert (one.breach("a"), many.breach(("a", "b"))) == (None, None)
    assert one.breach("c") == "must be one of a, b; it is 'c'"
    assert many.breach(("a", "c")) == "must be one of a, b; it is tuple ('a', 'c')"


def test_a_span_that_keeps_its_contract() -> None:
    """The required attributes, common ones, and members of common families are all there may be."""
    given = {**LOWER, "build.cache_hit": True, "process.pid": 1, "process.runtime.name": "x", "code.line.number": 3}
    assert PACK.span("codegen.lower").breaches(given, False, COMMON) == []


def test_what_a_span_lacks_and_has_too_much() -> None:
    """Each breach is one line: missing ones first, then the others in the order of the span."""
    given = {"backend.name": 3, "colour": "red", "process": "x", "build.cache_hit": 1, "host.kind": "moon"}
    assert PACK.span("codegen.lower").breaches(given, False, COMMON) == [
        "'operator.name' is missing",
        "'clause.id' is missing",
        "'backend.name' must be string; it is int 3",
        "'colour' is not allowed: declare it, or leave it out",
        "'process' is not allowed: declare it, or leave it out",
        "'build.cache_hit' must be boolean; it is int 1",
        "'host.kind' must be one of offline, online; it is 'moon'",
    ]


@pytest.mark.parametrize(
    ("name", "given", "success", "failure"),
    [
        ("compile.execute", {"backend.name": "c"}, ["toolchain.binary", "toolchain.exit_status"], ["error.code"]),
        ("verify.run", {}, ["provenance.id"], ["error.code"]),
        ("distribute.package", {"target": "t", "revision": "r"}, ["size_bytes"], ["error.code"]),
        ("distribute.package", {}, ["target", "revision", "size_bytes"], ["error.code", "target", "revision"]),
        ("spec.parse", {}, [], ["error.code"]),
        ("plan.compile_graph", {}, [], ["error.code"]),
        ("pipeline.run", RUN, ["cicd.pipeline.result"], ["error.code"]),
    ],
)  # fmt: skip
def test_what_must_be_there_depends_on_the_outcome(
    name: str, given: dict[str, str], success: list[str], failure: list[str]
) -> None:
    """What only a success makes known is asked of a success, and the error code of a failure."""
    given = {**given, "host.kind": "offline"}
    for outcome, missing in ((False, success), (True, failure)):
        breaches = PACK.span(name).breaches(given, outcome, COMMON)
        assert breaches == [f"{attribute!r} is missing" for attribute in missing]


def test_a_span_by_itself() -> None:
    """Without common attributes, a span has its own only."""
    span = SpanContract("a", "A.", attributes={"x": attribute("int")})
    assert span.breaches({"x": 1, "host.kind": "online"}, False) == [
        "'host.kind' is not allowed: declare it, or leave it out"
    ]
    assert span.breach("x", "1", {}) == "'x' must be int; it is '1'"
    assert (span.allows("x", {}), span.allows("y", {}), span.allows("process.pid", COMMON)) == (True, False, True)


def test_the_nearest_declaration_counts() -> None:
    """An exact name is stronger than a family, and the longer family than the shorter; a span than what is common."""
    common = {
        "a.*": AttributeContract("a.*", "int", "A."),
        "a.b.*": AttributeContract("a.b.*", "string", "B."),
        "a.c": AttributeContract("a.c", "boolean", "C."),
    }
    common["a.e"] = AttributeContract("a.e", "string", "E.")
    span = SpanContract("s", "S.", attributes={"a.d": attribute("double"), "a.e": attribute("boolean")})
    assert span.breaches({"a.x": 1, "a.b.x": "s", "a.c": True, "a.d": 0.5, "a.e": True}, False, common) == []
    assert len(span.breaches({"a.x": "s", "a.b.x": 1, "a.c": 1, "a.d": "s", "a.e": "s"}, False, common)) == 5


def test_a_line_that_keeps_its_contract() -> None:
    """An event's own fields and the common ones are all there may be."""
    line = {**LINE, "event": "compile.end", "trace_id": "0" * 32, "backend": "c-gcc", "exit_status": 0}
    assert PACK.event("compile.end").breaches(line, "info", PACK.fields) == []


def test_a_line_of_a_failure() -> None:
    """From `error` on a line tells of a failure, and says why."""
    line = {**LINE, "backend": "c-gcc", "severity": "error"}
    breaches = PACK.event("compile.end").breaches(line, "error", PACK.fields)
    assert breaches == ["'error_code' is missing"]
    assert PACK.event("compile.end").breaches({**line, "error_code": "io"}, "error", PACK.fields) == []


@pytest.mark.parametrize(("severity", "right"), [("debug", False), ("info", False), ("warning", True), ("error", True)])
def test_severity_may_only_rise(severity: Severity, right: bool) -> None:
    """A line may be worse than its contract says, and not more harmless."""
    breaches = EventContract("x", "X.", "warning").breaches({}, severity)
    assert breaches == ([] if right else [f"severity must be warning or worse; it is {severity!r}"])


def test_run_fields_are_asked_of_every_line() -> None:
    """A line without the fields of its run breaks the contract of any event."""
    breaches = PACK.event("compile.start").breaches({"backend": "c"}, "info", PACK.fields)
    assert breaches == [
        f"{name!r} is missing" for name in ("severity", "run_id", "organization_slug", "component", "env")
    ]
