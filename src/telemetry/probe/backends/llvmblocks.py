"""The basic blocks of one LLVM function: slots, values, labels and branches.

It knows instructions and nothing of the specification's tree. `llvmsource` writes operators with it and
`llvmarithmetic` numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from telemetry.probe.datatypes import SCALARS, Array, Scalar, Type

I64 = SCALARS["i64"]


def llvm_type(type_: Type) -> str:
    """Return the type of a value in memory.

    >>> llvm_type(Array(I64, 3))
    '[3 x i64]'
    """
    if isinstance(type_, Array):
        return f"[{type_.length} x {llvm_type(type_.element)}]"
    return f"i{type_.bits}"


def opaque_pointer(_: Type) -> str:
    """Return the type of every pointer since LLVM 15."""
    return "ptr"


def typed_pointer(type_: Type) -> str:
    """Return the type of a pointer up to LLVM 16."""
    return f"{llvm_type(type_)}*"


@final
class Blocks:
    """Collects the text of one function's body.

    Attributes:
        block: The label of the block that is being written; empty behind a `return`.
        intrinsics: The declarations that the text needs.
        pointer: How a pointer to a type is written.
    """

    __slots__ = ("_body", "_serial", "_slots", "block", "intrinsics", "pointer")

    def __init__(self, intrinsics: set[str], pointer: Callable[[Type], str]) -> None:
        self._body: list[str] = []
        self._serial = 0
        self._slots: list[str] = []
        self.block = "start__"
        self.intrinsics = intrinsics
        self.pointer = pointer

    def text(self) -> str:
        """Return the whole body; slots come first, where they are made once however often a loop turns."""
        lines = ["entry__:", *self._slots, "  br label %start__", "start__:", *self._body]
        if any("%fault__" in line for line in self._body):
            self.intrinsics.add("declare void @llvm.trap()")
            lines += ["fault__:", "  call void @llvm.trap()", "  unreachable"]
        return "\n".join(lines)

    def emit(self, instruction: str) -> None:
        """Write an instruction that has no value."""
        self._body.append(f"  {instruction}")

    def value(self, instruction: str) -> str:
        """Write an instruction and return the name of its value."""
        name = f"%v__{self._next()}"
        self.emit(f"{name} = {instruction}")
        return name

    def slot(self, name: str, type_: Type) -> str:
        """Reserve memory and return its address."""
        address = f"%{name}__{self._next()}"
        self._slots.append(f"  {address} = alloca {llvm_type(type_)}")
        return address

    def load(self, type_: Scalar, address: str) -> str:
        """Read a number."""
        return self.value(f"load {llvm_type(type_)}, {self.pointer(type_)} {address}")

    def store(self, value: str, type_: Type, address: str) -> None:
        """Write a number."""
        self.emit(f"store {llvm_type(type_)} {value}, {self.pointer(type_)} {address}")

    def element(self, array: str, type_: Array, position: str) -> str:
        """Return the address of an element; the position is an `i64`, checked before."""
        return self.value(f"getelementptr {llvm_type(type_)}, {self.pointer(type_)} {array}, i64 0, i64 {position}")

    def converted(self, value: str, given: Scalar, wanted: Scalar) -> str:
        """Widen a number as its type says, or keep its low bits."""
        if given.bits == wanted.bits:
            return value
        widening = "sext" if given.signed else "zext"
        operation = "trunc" if given.bits > wanted.bits else widening
        return self.value(f"{operation} {llvm_type(given)} {value} to {llvm_type(wanted)}")

    def labels(self, *names: str) -> tuple[str, ...]:
        """Make labels that are used nowhere else."""
        serial = self._next()
        return tuple(f"{name}__{serial}" for name in names)

    def open(self, label: str) -> None:
        """Begin a block."""
        self._body.append(f"{label}:")
        self.block = label

    def jump(self, label: str) -> bool:
        """Go on at a label, unless behind a `return`; tell whether it does."""
        if not self.block:
            return False
        self.emit(f"br label %{label}")
        self.block = ""
        return True

    def enter(self, label: str) -> None:
        """Begin a block that the current one falls into."""
        self.jump(label)
        self.open(label)

    def choose(self, condition: str, then: str, otherwise: str) -> None:
        """Go on at one of two labels."""
        self.emit(f"br i1 {condition}, label %{then}, label %{otherwise}")

    def require(self, condition: str) -> None:
        """Trap unless a condition holds."""
        (sound,) = self.labels("sound")
        self.choose(condition, sound, "fault__")
        self.open(sound)

    def each(self, type_: Array, write: Callable[[str], None]) -> None:
        """Write a loop over the positions of an array; `write` gets the position's value."""
        slot = self.slot("turn", I64)
        head, body, end = self.labels("head", "body", "end")
        self.store("0", I64, slot)
        self.enter(head)
        turn = self.load(I64, slot)
        self.choose(self.value(f"icmp ult i64 {turn}, {type_.length}"), body, end)
        self.open(body)
        write(turn)
        self.store(self.value(f"add i64 {turn}, 1"), I64, slot)
        self.jump(head)
        self.open(end)

    def _next(self) -> int:
        self._serial += 1
        return self._serial
