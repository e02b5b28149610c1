"""The checked operations that generated C is made of, each with its contract in ACSL.

C leaves signed overflow, division by zero and wide shifts undefined; these functions trap instead, with SIGILL on
x86-64. Under Frama-C they are declarations with a contract, so that a proof has to show that no trap is reached. The
C backends name what they use and this file writes it.
"""

from __future__ import annotations

from telemetry.probe.datatypes import BOOL, Scalar

_BUILTINS = {"add": "__builtin_add_overflow", "sub": "__builtin_sub_overflow", "mul": "__builtin_mul_overflow"}
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "shl": "<<", "shr": ">>"}

PRELUDE = """\
#include <stdbool.h>
#include <stdint.h>

#ifdef __FRAMAC__
/*@ requires \\false; assigns \\nothing; exits \\false; */
void fault__(void);
#else
#define fault__() __builtin_trap()
#endif
"""


def type_name(scalar: Scalar) -> str:
    """Return the C type of a scalar.

    >>> type_name(Scalar("u8", 8, signed=False))
    'uint8_t'
    """
    if scalar == BOOL:
        return "bool"
    return f"{'' if scalar.signed else 'u'}int{scalar.bits}_t"


def literal(value: int, scalar: Scalar) -> str:
    """Return a number as C of that type.

    >>> literal(-(2**63), Scalar("i64", 64, signed=True)), literal(7, Scalar("u32", 32, signed=False))
    ('INT64_MIN', '7u')
    """
    if scalar == BOOL:
        return "true" if value else "false"
    if scalar.signed and scalar.bits >= 32 and value == scalar.minimum:
        return f"INT{scalar.bits}_MIN"
    if scalar.bits == 64:
        return f"{'' if scalar.signed else 'U'}INT64_C({value})"
    return str(value) if scalar.signed or scalar.bits < 32 else f"{value}u"


def primitive(name: str) -> str:
    """Write one checked operation, such as `add__i32` or `at__u64`."""
    operation, _, type_ = name.partition("__")
    scalar = Scalar(type_, int(type_[1:]), type_[0] == "i")
    if operation == "at":
        return _index(name, scalar)
    if operation in _BUILTINS:
        return _overflowing(name, operation, scalar)
    if operation in ("div", "mod"):
        return _division(name, operation, scalar)
    return _shift(name, operation, scalar)


def _function(name: str, result: str, parameters: str, contract: str, body: str) -> str:
    return (
        "#ifdef __FRAMAC__\n"
        f"/*@ {contract} exits \\false; */\n"
        f"{result} {name}({parameters});\n"
        "#else\n"
        f"static inline {result} {name}({parameters})\n{{\n{body}}}\n"
        "#endif\n"
    )


def _overflowing(name: str, operation: str, scalar: Scalar) -> str:
    type_ = type_name(scalar)
    exact = f"a {_SIGNS[operation]} b"
    contract = (
        f"requires {scalar.minimum} <= {exact} <= {scalar.maximum}; assigns \\nothing; ensures \\result == {exact};"
    )
    body = f"    {type_} exact;\n    if ({_BUILTINS[operation]}(a, b, &exact)) fault__();\n    return exact;\n"
    return _function(name, type_, f"{type_} a, {type_} b", contract, body)


def _division(name: str, operation: str, scalar: Scalar) -> str:
    type_ = type_name(scalar)
    exact = f"a {_SIGNS[operation]} b"
    test, condition = "b == 0", "b != 0"
    if scalar.signed:
        test += f" || (a == INT{scalar.bits}_MIN && b == -1)"
        condition += f" && !(a == {scalar.minimum} && b == -1)"
    contract = f"requires {condition}; assigns \\nothing; ensures \\result == {exact};"
    body = f"    if ({test}) fault__();\n    return ({type_})({exact});\n"
    return _function(name, type_, f"{type_} a, {type_} b", contract, body)


def _shift(name: str, operation: str, scalar: Scalar) -> str:
    type_ = type_name(scalar)
    # Shifting a negative number left is undefined in C, so bits move in an unsigned type and come back.
    value = "(uint64_t)a" if operation == "shl" else "a"
    contract = f"requires amount < {scalar.bits}; assigns \\nothing;"
    if operation == "shr":
        contract += " ensures \\result == a >> amount;"
    body = f"    if (amount >= {scalar.bits}) fault__();\n    return ({type_})({value} {_SIGNS[operation]} amount);\n"
    return _function(name, type_, f"{type_} a, uint64_t amount", contract, body)


def _index(name: str, scalar: Scalar) -> str:
    type_ = type_name(scalar)
    test = "index >= length" if not scalar.signed else "index < 0 || index >= length"
    contract = "requires 0 <= index < length; assigns \\nothing; ensures \\result == index;"
    body = f"    if ({test}) fault__();\n    return index;\n"
    return _function(name, type_, f"{type_} index, {type_} length", contract, body)
