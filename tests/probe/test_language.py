"""The language means what its description says: the interpreter is where it is written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.probe.workbench import evaluated, interpreter_of, planned

from telemetry.probe import Exhausted, Fault
from telemetry.probe.arithmetic import operate
from telemetry.probe.datatypes import SCALARS, Value

SIGNED = [name for name, scalar in SCALARS.items() if scalar.signed]
UNSIGNED = [name for name in SCALARS if name not in (*SIGNED, "bool")]


def value_of(expression: str, type_: str, *inputs: Value) -> Value:
    """Evaluate an expression of `a` and `b`."""
    return evaluated(f"operator f(a: {type_}, b: {type_}) -> {type_} {{ return {expression}; }}", *inputs)


@pytest.mark.parametrize("type_", UNSIGNED)
def test_unsigned_results_wrap(type_: str) -> None:
    """Sums, differences and products of unsigned numbers keep their low bits."""
    top = SCALARS[type_].maximum
    assert value_of("a + b", type_, top, 1) == 0
    assert value_of("a - b", type_, 0, 1) == top
    assert value_of("a * b", type_, top, top) == 1


@pytest.mark.parametrize("type_", SIGNED)
@pytest.mark.parametrize(
    ("expression", "left", "right"), [("a + b", "maximum", 1), ("a - b", "minimum", 1), ("a * b", "minimum", -1)]
)
def test_signed_results_that_do_not_fit_are_faults(type_: str, expression: str, left: str, right: int) -> None:
    """A signed overflow has no result, and the fault names the type."""
    with pytest.raises(Fault, match=f"overflows {type_}"):
        value_of(expression, type_, getattr(SCALARS[type_], left), right)


@pytest.mark.parametrize("type_", SIGNED)
@pytest.mark.parametrize("symbol", ["/", "%"])
def test_the_smallest_number_divided_by_minus_one_is_a_fault(type_: str, symbol: str) -> None:
    """The quotient does not fit; the remainder, which would, follows the quotient."""
    with pytest.raises(Fault):
        value_of(f"a {symbol} b", type_, SCALARS[type_].minimum, -1)


@pytest.mark.parametrize("symbol", ["/", "%"])
@pytest.mark.parametrize("type_", ["i32", "u8"])
def test_division_by_zero_is_a_fault(symbol: str, type_: str) -> None:
    """Signed or not."""
    with pytest.raises(Fault, match="division by zero"):
        value_of(f"a {symbol} b", type_, 1, 0)


@given(st.integers(-128, 127), st.integers(-128, 127).filter(bool))
def test_quotients_are_cut_towards_zero(left: int, right: int) -> None:
    """A quotient and its remainder give back the dividend; the remainder has the dividend's sign and is smaller."""
    if (left, right) == (-128, -1):
        return
    i8 = SCALARS["i8"]
    quotient, remainder = operate("/", left, right, i8), operate("%", left, right, i8)
    assert quotient * right + remainder == left
    assert abs(remainder) < abs(right)
    assert remainder == 0 or (remainder < 0) == (left < 0)


@pytest.mark.parametrize(
    ("expression", "type_", "left", "right", "expected"),
    [
        ("a << b", "u8", 0b1100_0001, 1, 0b1000_0010),
        ("a << b", "i8", 64, 1, -128),
        ("a >> b", "i8", -3, 1, -2),
        ("a >> b", "u8", 253, 1, 126),
        ("a & b", "i8", -4, 7, 4),
        ("a | b", "i8", -8, 3, -5),
        ("a ^ b", "i8", -1, 1, -2),
        ("~a + b", "u8", 0, 0, 255),
    ],
)
def test_bits_move_as_in_twos_complement(expression: str, type_: str, left: int, right: int, expected: int) -> None:
    """Left shifts drop high bits; right shifts keep the sign; the rest works on the bits of two's complement."""
    assert value_of(expression, type_, left, right) == expected


def test_the_smallest_number_has_a_literal_and_no_counterpart() -> None:
    """`-128i8` is a number, and changing its sign is a fault when it runs, not an error in the text."""
    assert evaluated("operator f() -> i8 { return -128i8; }") == -128
    with pytest.raises(Fault, match="128 overflows i8"):
        evaluated("operator f() -> i8 { return -(-128i8); }")


@pytest.mark.parametrize("amount", [-1, 8, 127])
@pytest.mark.parametrize("symbol", ["<<", ">>"])
def test_shifts_by_the_width_or_more_are_faults(symbol: str, amount: int) -> None:
    """So are negative ones."""
    with pytest.raises(Fault, match=f"shift of i8 by {amount}"):
        value_of(f"a {symbol} b", "i8", 1, amount)


@pytest.mark.parametrize(
    ("value", "conversion", "expected"),
    [("a as u8", -1, 255), ("a as i8", 200, -56), ("a as i64", -5, -5), ("(a > 0) as u8", 3, 1), ("-1 as u8", 0, 255)],
)
def test_conversions_keep_low_bits_and_never_fault(value: str, conversion: int, expected: int) -> None:
    """`as` is defined for every number, and makes 0 or 1 of a bool."""
    target = value.rpartition(" ")[2]
    assert evaluated(f"operator f(a: i32) -> {target} {{ return {value}; }}", conversion) == expected


@pytest.mark.parametrize("expression", ["false && 1 / a == 1", "!(true || 1 / a == 1)", "!(false ==> 1 / a == 1)"])
def test_the_right_operand_is_evaluated_only_when_it_decides(expression: str) -> None:
    """So a guard on the left keeps a fault on the right from happening."""
    assert evaluated(f"operator f(a: i32) -> bool {{ return {expression}; }}", 0) is False


def test_a_choice_evaluates_one_side() -> None:
    """The side that is not chosen may be a fault."""
    assert evaluated("operator f(a: i32) -> i32 { return a == 0 ? 7 : 1 / a; }", 0) == 7


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("7 - 2 - 1", 4),
        ("1 | 2 == 2 ? 1 : 0", 0),
        ("(6 & 3 == 2) as i32", 1),
        ("1 << 2 + 1", 8),
        ("-2 as u8 as i32", 254),
        ("100 / 10 / 5", 2),
    ],
)
def test_operators_bind_as_described(expression: str, expected: int) -> None:
    """Bits bind tighter than comparisons; sums tighter than shifts; `as` tighter than products; left before right."""
    assert evaluated(f"operator f() -> i32 {{ return {expression}; }}") == expected


def test_a_loop_beyond_its_bound_is_a_fault() -> None:
    """The bound itself may be reached, one turn more may not."""
    text = "operator f(n: u32) -> u32 { let i = 0u32; while i < n bound 3 { i = i + 1; } return i; }"
    assert evaluated(text, 3) == 3
    with pytest.raises(Fault, match="the loop at line 1 goes beyond its bound of 3"):
        evaluated(text, 4)


def test_an_index_out_of_range_is_a_fault() -> None:
    """A negative index does not count from the end."""
    text = "operator f(s: u8[3], i: i32) -> u8 { return s[i]; }"
    assert evaluated(text, [7, 8, 9], 2) == 9
    for index in (-1, 3):
        with pytest.raises(Fault, match=f"index {index} of `s`, which has 3 elements"):
            evaluated(text, [7, 8, 9], index)


def test_arrays_are_copied() -> None:
    """Changing one array leaves the array that it was made from, the argument and the table as they were."""
    text = """
        const T: u8[2] = [1, 2];
        operator g(s: u8[2]) -> u8[2] { let x = s; x[0] = 9; return x; }
        operator f(s: u8[2]) -> u8[6] {
            let t = T;
            t[0] = 5;
            let u = g(s);
            let v = u;
            v[1] = 7;
            return_(); }
    """.replace("return_();", "let w = [s[0], t[0], T[0], u[0], u[1], v[1]]; return w;")
    given_array: list[int] = [3, 4]
    assert evaluated(text, given_array) == [3, 5, 1, 9, 4, 7]
    assert given_array == [3, 4]


def test_a_call_against_its_requires_is_a_fault() -> None:
    """A promise that a caller breaks shows in the interpreter, which compiled code does not check."""
    text = """
        operator g(a: u32) -> u32 requires a > 0 { return 10 / a; }
        operator f(a: u32) -> u32 { return g(a); }
    """
    assert evaluated(text, 5) == 2
    with pytest.raises(Fault, match="`g` called against its `requires a > 0`"):
        evaluated(text, 0)


def test_clauses_count_without_bounds() -> None:
    """A sum in a clause does not wrap, whatever the types of its operands; so a wrapped result is seen."""
    graph = planned("operator f(a: u32, b: u64) -> u64 ensures result == a + b { return a as u64 + b; }")
    operator = graph.operators[0]
    (clause,) = operator.clauses.ensures
    interpreter = interpreter_of(graph)
    assert interpreter.holds(clause, {"a": 1, "b": 2, "result": 3})
    assert not interpreter.holds(clause, {"a": 1, "b": 2**64 - 1, "result": 0})


@pytest.mark.parametrize(
    ("clause", "holds"),
    [
        ("forall i in 0..3: s[i] > 0", True),
        ("forall i in 0..3: s[i] > 1", False),
        ("exists i in 0..3: s[i] == 3", True),
        ("exists i in 0..0: true", False),
        ("(sum i in 0..3: s[i] * i) == 8", True),
        ("forall i in 0..2: s[i] <= s[i + 1]", True),
        ("1 / s[0] == 1 && 1 / (s[0] - 1) == 1", False),
        ("exists i in 0..4: s[i] == 0", False),
    ],
)
def test_quantifiers_range_over_constant_turns(clause: str, holds: bool) -> None:
    """`forall`, `exists` and `sum` mean what they say; a clause that faults does not hold."""
    graph = planned(f"operator f(s: u8[3]) -> u8 requires {clause} {{ return s[0]; }}")
    operator = graph.operators[0]
    assert interpreter_of(graph).holds(operator.clauses.requires[0], {"s": [1, 2, 3]}) is holds


def test_a_run_that_is_too_long_is_stopped() -> None:
    """The interpreter gives up after its steps instead of keeping its caller waiting."""
    graph = planned("operator f() -> u32 { let x = 0u32; for i in 0..1000000 { x = x + 1; } return x; }")
    with pytest.raises(Exhausted, match="stopped after 1000 steps"):
        interpreter_of(graph, steps=1000).run(graph.operators[0], ())


def test_comments_and_layout_do_not_change_a_clause() -> None:
    """The id of an operator's clauses is that of their words."""
    one = planned("operator f(a: u32) -> u32 ensures result == a ensures result >= 0 { return a; }").operators[0]
    other = planned(
        """
        operator f(a: u32) -> u32
            ensures result
                == a        # as given
            ensures result >= 0
        { return a; }
        """
    ).operators[0]
    assert one.clauses.id == other.clauses.id
    assert len(one.clauses.id) == 64
    changed = planned("operator f(a: u32) -> u32 ensures result == a ensures result > 0 { return a; }").operators[0]
    assert changed.clauses.id != one.clauses.id
