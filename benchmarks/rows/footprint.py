"""What a library adds to the memory of a process: the peak of a whole program, for those that `startup` times."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks.harness import Case

from .startup import PROGRAMS, missing


def _program(program: str, _stack: ExitStack) -> str:
    return program


CASES = tuple(
    Case(f"footprint/{name}", partial(_program, program), missing=missing(name)) for name, program in PROGRAMS.items()
)
