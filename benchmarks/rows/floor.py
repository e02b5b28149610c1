"""Where the floor comes from: its parts, and how it rises with what else the context holds."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks.floor import Part, wrap
from benchmarks.harness import Call, Case


def noop() -> None:
    """Do nothing, as the body of everything that the floor is compared with."""


def _bare(_stack: ExitStack) -> Call:
    return noop


def _part(part: Part, _stack: ExitStack) -> Call:
    return wrap(part, noop)


def _nested(_stack: ExitStack) -> Call:
    inner = wrap("all", noop)
    return wrap("all", inner)


CASES = (
    Case("floor/bare", _bare),
    Case("floor/pass", partial(_part, "pass")),
    Case("floor/clocks", partial(_part, "clocks")),
    Case("floor/context", partial(_part, "context")),
    Case("floor/append", partial(_part, "append")),
    Case("floor/all, 12 other variables", partial(_part, "all"), variables=12),
    Case("floor/two, nested", _nested),
)
