"""The interpreter and all backends agree on programs that nobody thought of, faults included.

Many expressions are put into one operator, so that one run of a compiler tests them all.
"""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.engines import needs
from tests.probe.workbench import BACKENDS, Build, built, interpreter_of, planned

from telemetry.probe import BackendDescriptor, Fault, backend
from telemetry.probe.datatypes import SCALARS, Scalar, Value
from telemetry.probe.trial import Outcome, try_out

INTEGERS = sorted(set(SCALARS) - {"bool"})
PARAMETERS = {f"{name}_{letter}": name for name in (*INTEGERS, "bool") for letter in "ab"}
ARITHMETIC = ("+", "-", "*", "/", "%", "&", "|", "^")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
BATCH = 80
# A failure names its expression; shrinking a whole batch would compile for minutes.
BATCHES = settings(deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))


class Writer:
    """Writes random expressions of the parameters, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def number(self, type_: str, depth: int) -> str:
        """Write an expression of an integer type."""
        if depth == 0 or self.random.random() < 0.1:
            return self.leaf(type_)
        inner = depth - 1
        kind = self.random.randrange(6)
        if kind <= 1:
            return f"({self.number(type_, inner)} {self.random.choice(ARITHMETIC)} {self.number(type_, inner)})"
        if kind == 2:
            return f"({self.number(type_, inner)} {self.random.choice(('<<', '>>'))} {self.amount(inner)})"
        if kind == 3:
            sign = self.random.choice(("-", "~") if SCALARS[type_].signed else ("~",))
            return f"({sign}{self.number(type_, inner)})"
        if kind == 4:
            return f"({self.condition(inner)} ? {self.number(type_, inner)} : {self.number(type_, inner)})"
        other = self.random.choice((*INTEGERS, "bool"))
        return f"({self.expression(other, inner)} as {type_})"

    def condition(self, depth: int) -> str:
        """Write an expression of type bool."""
        if depth == 0:
            return self.random.choice(("bool_a", "bool_b", "true", "false"))
        inner = depth - 1
        kind = self.random.randrange(4)
        if kind <= 1:
            type_ = self.random.choice(INTEGERS)
            symbol = self.random.choice(COMPARISONS)
            return f"({self.number(type_, inner)} {symbol} {self.number(type_, inner)})"
        if kind == 2:
            symbol = self.random.choice(("&&", "||", "==>", "==", "!="))
            return f"({self.condition(inner)} {symbol} {self.condition(inner)})"
        return f"(!{self.condition(inner)})"

    def expression(self, type_: str, depth: int) -> str:
        """Write an expression of any scalar type."""
        return self.condition(depth) if type_ == "bool" else self.number(type_, depth)

    def amount(self, depth: int) -> str:
        """Write how far to shift; mostly it is small."""
        if self.random.random() < 0.6:
            return str(self.random.randrange(8))
        return self.number(self.random.choice(INTEGERS), depth)

    def leaf(self, type_: str) -> str:
        """Write a parameter, a number or an element."""
        names = (f"{type_}_a", f"{type_}_b", f"table_of_{type_}[{type_}_a & 1]")
        return self.random.choice((*names, f"({self.value(type_)}{type_})"))

    def value(self, type_: str) -> int:
        """Draw a number of the type, often at an end of its range."""
        scalar = SCALARS[type_]
        if self.random.random() < 0.5:
            return self.random.choice(edges(scalar))
        return scalar.wrap(self.random.getrandbits(self.random.randint(1, scalar.bits)))

    def inputs(self) -> list[Value]:
        """Draw a value for each parameter."""
        return [self.random.random() < 0.5 if type_ == "bool" else self.value(type_) for type_ in PARAMETERS.values()]


def edges(scalar: Scalar) -> list[int]:
    """List the values where something changes."""
    return [value for value in (scalar.minimum, -7, -1, 0, 1, 2, scalar.maximum) if scalar.contains(value)]


def program(batch: list[tuple[str, str]]) -> str:
    """Write an operator that evaluates the expression whose number it is given, and returns its bits."""
    parameters = ", ".join(f"{name}: {type_}" for name, type_ in PARAMETERS.items())
    tables = "".join(f"let table_of_{name}: {name}[2] = [{name}_b, {SCALARS[name].maximum}];\n" for name in INTEGERS)
    cases = "".join(
        f"if which == {number} {{ let x: {type_} = {text}; return x as u64; }}\n"
        for number, (type_, text) in enumerate(batch)
    )
    return f"operator f(which: i32, {parameters}) -> u64 {{\n{tables}{cases}return 0; }}"


def check(by: str | BackendDescriptor, batch: list[tuple[str, str]], inputs: list[list[Value]]) -> None:
    """Hold a backend against the interpreter on each expression with each input."""
    cases: list[list[Value]] = [[which, *values] for which in range(len(batch)) for values in inputs]
    with tempfile.TemporaryDirectory() as folder:
        build = built(planned(program(batch)), by, Path(folder))
        outcomes = try_out(build.operator, build.artefact, cases)
    assert len(outcomes) == len(cases)
    for (which, *values), outcome in zip(cases, outcomes, strict=True):
        assert isinstance(which, int)
        expected = _reference(build, [which, *values])
        assert _described(outcome) == expected, (batch[which], dict(zip(PARAMETERS, values, strict=True)))


@pytest.mark.parametrize("name", BACKENDS)
@settings(BATCHES, max_examples=3)
@given(seed=st.integers(0, 2**32))
def test_random_expressions_agree(name: str, seed: int) -> None:
    """Each backend returns what the interpreter returns, and faults where it faults."""
    writer = Writer(seed)
    types = [writer.random.choice((*INTEGERS, "bool")) for _ in range(BATCH)]
    check(name, [(type_, writer.expression(type_, 3)) for type_ in types], [writer.inputs() for _ in range(5)])


def each_operation(type_: str) -> Iterator[tuple[str, str]]:
    """Write every operation of a type on its two parameters."""
    left, right = f"{type_}_a", f"{type_}_b"
    for symbol in (*ARITHMETIC, "<<", ">>"):
        yield type_, f"{left} {symbol} {right}"
    for symbol in COMPARISONS:
        yield "bool", f"{left} {symbol} {right}"
    yield type_, f"~{left}"
    yield type_, f"table_of_{type_}[{left}]"
    if SCALARS[type_].signed:
        yield type_, f"-{left}"
    for other in INTEGERS:
        yield other, f"{left} as {other}"


def pairs_of_edges(type_: str) -> list[list[Value]]:
    """List the inputs in which the two parameters of a type take all pairs of its edges."""
    names = (f"{type_}_a", f"{type_}_b")
    return [
        [pair[names.index(parameter)] if parameter in names else False for parameter in PARAMETERS]
        for pair in itertools.product(edges(SCALARS[type_]), repeat=2)
    ]


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("type_", INTEGERS)
def test_each_operation_agrees_at_the_edges(type_: str, name: str) -> None:
    """Every operator and conversion of every type does the same on all pairs of the values where something changes."""
    check(name, list(each_operation(type_)), pairs_of_edges(type_))


@needs("clang")
@pytest.mark.parametrize("type_", INTEGERS)
def test_generated_c_reaches_nothing_undefined(type_: str) -> None:
    """With a trap wherever C leaves the outcome open, the same results come out: no operation relies on luck."""
    clang = backend("c-clang")
    # GCC forms such products in an unsigned type before it looks for overflows, so it would not notice one.
    traps = ("-fsanitize=undefined", "-fsanitize-trap=undefined")
    strict = replace(clang, command=lambda source, output: (*clang.command(source, output), *traps))
    check(strict, list(each_operation(type_)), pairs_of_edges(type_))


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
        st.tuples(
            st.lists(st.integers(-(2**15), 2**15 - 1), min_size=4, max_size=4), st.integers(0, 60), st.booleans()
        ).map(list),
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
