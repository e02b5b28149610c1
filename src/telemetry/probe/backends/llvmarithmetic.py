"""The language's arithmetic in LLVM instructions.

Where a result does not exist, a branch leads to the trap. `llvmsource` calls it.
"""

from __future__ import annotations

from telemetry.probe.datatypes import Scalar

from .llvmblocks import I64, Blocks, llvm_type

_INSTRUCTIONS = {"+": "add", "-": "sub", "*": "mul"}
_BITWISE = {"&": "and", "|": "or", "^": "xor"}
_PREDICATES = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def operation(blocks: Blocks, symbol: str, left: str, right: str, type_: Scalar) -> str:
    """Write an operator on two numbers of one type, and return the value."""
    if symbol in _BITWISE:
        return blocks.value(f"{_BITWISE[symbol]} {llvm_type(type_)} {left}, {right}")
    if symbol in ("/", "%"):
        return _division(blocks, symbol, left, right, type_)
    if type_.signed:
        return _exact(blocks, _INSTRUCTIONS[symbol], left, right, type_)
    return blocks.value(f"{_INSTRUCTIONS[symbol]} {llvm_type(type_)} {left}, {right}")


def comparison(blocks: Blocks, symbol: str, left: str, right: str, type_: Scalar) -> str:
    """Write a comparison of two numbers of one type."""
    order = "s" if type_.signed else "u"
    predicate = _PREDICATES[symbol] if symbol in ("==", "!=") else order + _PREDICATES[symbol]
    return blocks.value(f"icmp {predicate} {llvm_type(type_)} {left}, {right}")


def shift(blocks: Blocks, symbol: str, value: str, amount: str, type_: Scalar) -> str:
    """Write a shift; the amount is an `i64`, in which a negative one is too large when read without its sign."""
    blocks.require(blocks.value(f"icmp ult i64 {amount}, {type_.bits}"))
    right = "ashr" if type_.signed else "lshr"
    instruction = "shl" if symbol == "<<" else right
    return blocks.value(f"{instruction} {llvm_type(type_)} {value}, {blocks.converted(amount, I64, type_)}")


def negation(blocks: Blocks, value: str, type_: Scalar) -> str:
    """Write a change of sign."""
    return _exact(blocks, "sub", "0", value, type_)


def _exact(blocks: Blocks, instruction: str, left: str, right: str, type_: Scalar) -> str:
    number = llvm_type(type_)
    pair, function = f"{{ {number}, i1 }}", f"@llvm.s{instruction}.with.overflow.{number}"
    blocks.intrinsics.add(f"declare {pair} {function}({number}, {number})")
    both = blocks.value(f"call {pair} {function}({number} {left}, {number} {right})")
    overflow = blocks.value(f"extractvalue {pair} {both}, 1")
    blocks.require(blocks.value(f"xor i1 {overflow}, true"))
    return blocks.value(f"extractvalue {pair} {both}, 0")


def _division(blocks: Blocks, symbol: str, left: str, right: str, type_: Scalar) -> str:
    number = llvm_type(type_)
    blocks.require(blocks.value(f"icmp ne {number} {right}, 0"))
    if type_.signed:
        above_lowest = blocks.value(f"icmp ne {number} {left}, {type_.minimum}")
        other_divisor = blocks.value(f"icmp ne {number} {right}, -1")
        blocks.require(blocks.value(f"or i1 {above_lowest}, {other_divisor}"))
    instruction = ("s" if type_.signed else "u") + ("div" if symbol == "/" else "rem")
    return blocks.value(f"{instruction} {number} {left}, {right}")
