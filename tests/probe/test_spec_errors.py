"""Every mistake in a specification is found where it is, with a code and a way out."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from telemetry.errors import PipelineError, SpecError
from telemetry.probe import parse, parse_text, plan


def error_of(text: str) -> SpecError:
    """Parse and plan what must not pass."""
    with pytest.raises(SpecError) as caught:
        plan(parse_text(text, Path("x.spec")))
    return caught.value


def body(statements: str, parameters: str = "a: u32", result: str = "u32") -> str:
    """Write an operator whose statements begin in line 2, column 3."""
    return f"operator f({parameters}) -> {result} {{\n  {statements}\n}}\n"


def clause(text: str) -> str:
    """Write an operator whose clause begins in line 2, column 3."""
    return f"operator f(a: u32, s: i32[4]) -> u32\n  {text}\n{{ return a; }}\n"


SYNTAX = {
    "missing semicolon": (body("let x = a"), 3, 1, "unexpected `}`: expected"),
    "unfinished file": ("operator f(", 1, 12, "unexpected the end of the file: expected `)` or a name"),
    "keyword as name": ("operator if() -> u32 { return 1; }", 1, 10, "unexpected `if`: expected a name"),
    "camel case": ("operator fooBar() -> u32 { return 1; }", 1, 13, "lower_snake_case"),
    "two underscores": ("operator a__b() -> u32 { return 1; }", 1, 11, "underscore"),
    "foreign character": (body("return a $ 1;"), 2, 12, "no such character belongs to the language"),
    "chained comparison": (body("if a < a < a { }"), 2, 12, "unexpected `<`"),
    "too deep": (body("return " + "(a + " * 100 + "a" + ")" * 100 + ";"), 2, None, "nested more than"),
}

SCHEMA = {
    "no operator": ("# nothing\n", 1, 1, "there is no operator"),
    "operator twice": (body("return a;") * 2, 4, 10, "operator `f` is declared twice, first at line 1"),
    "unknown name": (body("return b;", "size: u32"), 2, 10, "unknown name `b`: there are `size`"),
    "name with a hint": (body("return siez;", "size: u32"), 2, 10, "did you mean `size`?"),
    "unknown type": ("operator f(a: int32) -> u32 { return 1; }", 1, 15, "unknown type `int32`: did you mean `i32`?"),
    "unknown operator": (body("return g(a);"), 2, 10, "unknown operator `g`: there are `f`"),
    "mixed types": (body("return a + b;", "a: u32, b: u64"), 2, 12, "got u32 and u64: convert it with `as u32`"),
    "wrong result": (body("return a == 1;"), 2, 12, "the result is bool, expected u32"),
    "wrong argument": (
        body("return g(true);") + body("return a;").replace("f", "g"),
        2,
        12,
        "argument 1 of `g` is bool",
    ),
    "too few arguments": (
        body("return g();") + body("return a;").replace("f(", "g("),
        2,
        10,
        "takes 1 argument, got 0",
    ),
    "condition": (body("if a { } return a;"), 2, 6, "the condition of `if` is u32, expected bool: compare it"),
    "while condition": (body("while a bound 3 { } return a;"), 2, 9, "the condition of `while` is u32"),
    "clause not bool": (clause("requires a + 1"), 2, 14, "a `requires` clause is integer, expected bool"),
    "result in requires": (clause("requires result > 0"), 2, 12, "`result` is known in `ensures` only"),
    "call in a clause": (clause("ensures f(a, s) == 1"), 2, 11, "a clause cannot call `f`"),
    "quantifier in a body": (body("return sum i in 0..3: a;"), 2, 10, "`sum` is for clauses and invariants"),
    "quantifier too wide": (
        clause("ensures forall i in 0..100: forall j in 0..100: a >= 0"),
        *(2, 31, "takes 10000 turns, more than the 4096"),
    ),
    "loop not constant": (
        body("for i in 0..a { } return a;"),
        2,
        15,
        "the loop's range is not constant, for `a` is not",
    ),
    "bound not constant": (body("while a > 0 bound a { } return a;"), 2, 21, "the loop's bound is not constant"),
    "bound negative": (body("while a > 0 bound -1 { } return a;"), 2, 21, "-1 does not fit u32"),
    "length zero": ("operator f(a: u32[0]) -> u32 { return 1; }", 1, 19, "an array has 1 to 4096 elements, not 0"),
    "constant without value": ("const N: u32 = 1 / 0;\n" + body("return a;"), 1, 18, "no value: division by zero"),
    "number too large": (body("return a + 5000000000;"), 2, 14, "5000000000 does not fit u32 (0 to 4294967295)"),
    "number too small": (body("let x = -129i8; return a;"), 2, 11, "-129 does not fit i8 (-128 to 127)"),
    "index out of range": (clause("ensures s[4] > 0"), 2, 13, "index 4 of `s`, which has 4 elements"),
    "index of a number": (body("return a[0];"), 2, 10, "`a` is u32, which has no elements"),
    "index not a number": (body("return s[true];", "s: u32[4]"), 2, 12, "an index is an integer, not bool"),
    "assigned parameter": (body("a = 1; return a;"), 2, 3, "`a` is a parameter, which keeps its value"),
    "assigned turn": (body("for i in 0..3 { i = 1; } return a;"), 2, 19, "`i` is a loop variable"),
    "assigned type": (body("let x = 1; x = a; return a;"), 2, 18, "the value for `x` is u32, expected i32"),
    "declared twice": (body("let a = 1; return a;"), 2, 7, "`a` is declared twice: it is a parameter since line 1"),
    "result as a name": (body("let result = a; return a;"), 2, 7, "choose another name"),
    "no return": (body("if a > 1 { return a; }"), 1, 10, "`f` can end without a result"),
    "after return": (body("return a; return a;"), 2, 13, "this is never reached"),
    "negative unsigned": (body("return -a;"), 2, 10, "`-` needs a signed integer, got u32"),
    "not of a number": (body("return !a;"), 2, 10, "`!` needs bool, got u32"),
    "complement of bool": (body("return ~true;"), 2, 10, "`~` needs an integer, got bool"),
    "sum of bools": (body("return true + true;"), 2, 15, "`+` is not defined for bool"),
    "arrays compared": (body("return s == s;", "s: u32[2]", "bool"), 2, 12, "`==` is not defined for u32[2]"),
    "cast to bool": (body("return a as bool;", result="bool"), 2, 15, "`as bool` is not defined"),
    "cast of an array": (body("return s as u32;", "s: u32[2]"), 2, 10, "`as` converts numbers and bool, not u32[2]"),
    "list too short": (
        body("let x: u32[3] = [a, a]; return a;"),
        2,
        19,
        "the initial value is u32[2], expected u32[3]",
    ),
    "mixed list": (body("let x = [a, true]; return a;"), 2, 15, "an element is bool, expected u32"),
    "array argument": (
        body("return g(h());") + "operator h() -> u32[1] { let x = [1u32]; return x; }\n"
        "operator g(s: u32[1]) -> u32 { return s[0]; }",
        *(2, 12, "this is a whole array: give it a name with `let` first"),
    ),
    "chosen array": (body("let x = a > 1 ? s : s; return a;", "a: u32, s: u32[2]"), 2, 13, "use `if`"),
    "two kinds of choice": (body("return a > 1 ? a : true;"), 2, 12, "`?` chooses between u32 and bool"),
    "shift of bool": (body("return true << 1;"), 2, 15, "`<<` needs two integers"),
    "circle": (
        body("return g(a);") + "operator g(a: u32) -> u32 { return f(a); }",
        *(2, 10, "operators call each other in a circle: `f` -> `g` -> `f`"),
    ),
    "recursion": (body("return f(a);"), 2, 10, "`f` -> `f`; use a loop instead"),
}


@pytest.mark.parametrize("name", SYNTAX)
def test_what_breaks_the_grammar_is_shown_in_place(name: str) -> None:
    """An error of the grammar has code `syntax`, its line and column, and what was expected."""
    text, line, column, problem = SYNTAX[name]
    error = error_of(text)
    assert (error.code, error.line) == ("syntax", line), error
    assert column in (None, error.column), error
    assert problem in str(error)


@pytest.mark.parametrize("name", SCHEMA)
def test_what_makes_no_sense_is_shown_in_place(name: str) -> None:
    """An error of names, types or bounds has code `schema`, its line and column, and says what to do."""
    text, line, column, problem = SCHEMA[name]
    error = error_of(text)
    assert (error.code, error.line, error.column) == ("schema", line, column), error
    assert problem in str(error)
    assert str(error).startswith(f"x.spec:{line}:{column}: ")


def test_a_file_that_is_missing_says_so(tmp_path: Path) -> None:
    """An unreadable file is no `SpecError`, for no line of it is wrong; its code is `io`."""
    with pytest.raises(PipelineError, match="No such file") as caught:
        parse(tmp_path / "absent.spec")
    assert caught.value.code == "io"
    assert not isinstance(caught.value, SpecError)


def test_a_file_that_is_not_text_says_so(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused with their position."""
    path = tmp_path / "x.spec"
    path.write_bytes(b"# \xff\n")
    with pytest.raises(PipelineError, match="byte 2 is not UTF-8") as caught:
        parse(path)
    assert caught.value.code == "io"


def test_what_stands_in_a_file_is_read_with_its_digest(tmp_path: Path) -> None:
    """A specification knows its name, its operators and the SHA-256 of its bytes."""
    import hashlib

    text = textwrap.dedent("operator f() -> bool { return true; }\r\n")
    path = tmp_path / "truth.spec"
    path.write_bytes(text.encode())
    spec = parse(path)
    assert (spec.name, [operator.name for operator in spec.operators]) == ("truth", ["f"])
    assert spec.digest == hashlib.sha256(text.encode()).hexdigest()
