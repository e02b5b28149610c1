"""The interpreter and all backends agree on programs that nobody thought of, faults included.

Many random expressions are put into one operator, so that one run of a compiler tests them all.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.probe.workbench import BACKENDS, Build, built, interpreter_of, planned

from telemetry.probe import Fault
from telemetry.probe.datatypes import SCALARS, Value
from telemetry.probe.trial import Outcome, try_out

INTEGERS = sorted(set(SCALARS) - {"bool"})
PARAMETERS = {f"{name}_{letter}": name for name in (*INTEGERS, "bool") for letter in "ab"}
BATCH = 60
# A failure names its expression; shrinking a whole batch would compile for minutes.
BATCHES = settings(
    deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate), suppress_health_check=list(HealthCheck)
)


def numbers(type_: str, depth: int) -> st.SearchStrategy[str]:
    """Write expressions of an integer type."""
    scalar = SCALARS[type_]
    leaves = st.one_of(
        st.sampled_from([f"{type_}_a", f"{type_}_b", f"table_of_{type_}[{type_}_a & 1]"]),
        st.sampled_from([scalar.minimum, scalar.maximum, 0, 1, 2, 7]).map(lambda value: f"({value}{type_})"),
        st.integers(scalar.minimum, scalar.maximum).map(lambda value: f"({value}{type_})"),
    )
    if not depth:
        return leaves
    inner = numbers(type_, depth - 1)
    signs = ["-", "~"] if scalar.signed else ["~"]
    return st.one_of(
        leaves,
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "&", "|", "^"]), inner).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(inner, st.sampled_from(["<<", ">>"]), st.one_of(inner, amounts())).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(st.sampled_from(signs), inner).map("({0[0]}{0[1]})".format),
        st.tuples(conditions(depth - 1), inner, inner).map("({0[0]} ? {0[1]} : {0[2]})".format),
        st.sampled_from(INTEGERS)
        .flatmap(lambda other: numbers(other, depth - 1))
        .map(lambda text: f"({text} as {type_})"),
        conditions(depth - 1).map(lambda text: f"({text} as {type_})"),
    )


def amounts() -> st.SearchStrategy[str]:
    """Write amounts of shifts, most of them small."""
    return st.one_of(st.integers(0, 7).map(str), st.sampled_from(["u8_b", "i8_b", "i64_b", "(u8_b & 7)"]))


def conditions(depth: int) -> st.SearchStrategy[str]:
    """Write expressions of type bool."""
    leaves = st.sampled_from(["bool_a", "bool_b", "true", "false"])
    if not depth:
        return leaves
    comparisons = st.sampled_from(INTEGERS).flatmap(
        lambda type_: st.tuples(
            numbers(type_, depth - 1), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), numbers(type_, depth - 1)
        )
    )
    inner = conditions(depth - 1)
    return st.one_of(
        leaves,
        comparisons.map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(inner, st.sampled_from(["&&", "||", "==>", "==", "!="]), inner).map("({0[0]} {0[1]} {0[2]})".format),
        inner.map("(!{})".format),
    )


def expressions() -> st.SearchStrategy[tuple[str, str]]:
    """Choose a type and an expression of it."""
    return st.sampled_from([*INTEGERS, "bool"]).flatmap(
        lambda type_: st.tuples(st.just(type_), conditions(3) if type_ == "bool" else numbers(type_, 3))
    )


def program(batch: list[tuple[str, str]]) -> str:
    """Write an operator that evaluates the expression whose number it is given, and a digest of its bits."""
    parameters = ", ".join(f"{name}: {type_}" for name, type_ in PARAMETERS.items())
    tables = "".join(f"let table_of_{name}: {name}[2] = [{name}_b, {SCALARS[name].maximum}];\n" for name in INTEGERS)
    cases = "".join(
        f"if which == {number} {{ let x: {type_} = {text}; return x as u64; }}\n"
        for number, (type_, text) in enumerate(batch)
    )
    return f"operator f(which: i32, {parameters}) -> u64 {{\n{tables}{cases}return 0; }}"


def inputs() -> st.SearchStrategy[list[Value]]:
    """Draw a value for each parameter, often at an end of its range."""
    return st.tuples(*(value_of(type_) for type_ in PARAMETERS.values())).map(list)


def value_of(type_: str) -> st.SearchStrategy[Value]:
    """Draw a value of a type."""
    if type_ == "bool":
        return st.booleans()
    scalar = SCALARS[type_]
    edges = [value for value in (scalar.minimum, -1, 0, 1, 2, scalar.maximum) if scalar.contains(value)]
    return st.one_of(st.sampled_from(edges), st.integers(scalar.minimum, scalar.maximum))


@pytest.mark.parametrize("name", BACKENDS)
@settings(BATCHES, max_examples=3)
@given(
    batch=st.lists(expressions(), min_size=BATCH, max_size=BATCH),
    values=st.lists(inputs(), min_size=4, max_size=4),
)
def test_random_expressions_agree(name: str, batch: list[tuple[str, str]], values: list[list[Value]]) -> None:
    """Each backend returns what the interpreter returns, and faults where it faults."""
    graph = planned(program(batch))
    cases = [[which, *value] for which in range(len(batch)) for value in values]
    with tempfile.TemporaryDirectory() as folder:
        build = built(graph, name, Path(folder))
        outcomes = try_out(build.operator, build.artefact, cases)
    assert len(outcomes) == len(cases)
    for case, outcome in zip(cases, outcomes, strict=True):
        which = case[0]
        assert isinstance(which, int)
        assert _described(outcome) == _reference(build, case), (
            batch[which],
            dict(zip(PARAMETERS, case[1:], strict=True)),
        )


LOOPS = """
    const WEIGHTS: i64[4] = [3, -1, 4, 1];
    operator weighed(s: i16[4], start: i64) -> i64 {
        let total = start;
        for k in 0..4 { total = total + WEIGHTS[k] * (s[k] as i64); }
        return total;
    }
    operator reversed(s: i16[4]) -> i16[4] {
        let t: i16[4] = [0; 4];
        for k in 0..4 { t[3 - k] = s[k]; }
        return t;
    }
    operator f(s: i16[4], n: u8, flag: bool) -> i64 {
        let total = 0i64;
        let current = s;
        let i = 0u8;
        while i < n && total < 100000 bound 40
        {
            if flag || i % 3 == 0 {
                let turned = reversed(current);
                current = turned;
            } else if i == 7 {
                return weighed(current, total) - 1;
            }
            for k in 0..4 {
                if current[k] == 0 { return total; }
                current[k] = current[k] ^ (i as i16);
            }
            total = total + weighed(current, i as i64);
            i = i + 1;
        }
        return total;
    }
"""


@pytest.mark.parametrize("name", BACKENDS)
@settings(BATCHES, max_examples=2)
@given(
    cases=st.lists(
        st.tuples(st.lists(value_of("i16"), min_size=4, max_size=4), st.integers(0, 60), st.booleans()).map(list),
        min_size=100,
        max_size=100,
    )
)
def test_loops_calls_and_arrays_agree(name: str, cases: list[list[Value]]) -> None:
    """Early returns, bounded loops, copies and array results behave alike in all backends."""
    with tempfile.TemporaryDirectory() as folder:
        build = built(planned(LOOPS), name, Path(folder))
        outcomes = try_out(build.operator, build.artefact, cases)
    assert [_described(outcome) for outcome in outcomes] == [_reference(build, case) for case in cases]


def _described(outcome: Outcome) -> Value | str:
    return "a fault" if outcome.value is None else outcome.value


def _reference(build: Build, case: list[Value]) -> Value | str:
    try:
        return interpreter_of(build.graph).run(build.operator, case)
    except Fault:
        return "a fault"
