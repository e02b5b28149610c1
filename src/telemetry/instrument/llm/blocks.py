"""The calls that one `instrument_llm_call` has open as blocks, and which of them ends."""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from typing import Final, final
from weakref import ref

from .call import SPAN, LlmCall, count_unread

_ENTERED: Final[ContextVar[tuple[ref[LlmCall], ...]]] = ContextVar("telemetry_llm_entered", default=())
"""The calls that this thread or task has entered, the innermost last; of all instruments, and some long over."""


@final
class Blocks:
    """Open calls, apart by thread and task.

    A block that ends in another context than it began in is still known while it is the only one that is open.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[LlmCall] = []

    def add(self, call: LlmCall) -> LlmCall:
        """Keep a call that a block has begun."""
        self._open.append(call)
        _ENTERED.set((*(each for each in _ENTERED.get() if _runs(each)), ref(call)))
        return call

    def take(self) -> LlmCall | None:
        """Give the innermost call of this context, and forget it; None, which is counted, where nobody can tell."""
        mine = (found for each in reversed(_ENTERED.get()) if (found := each()) in self._open)
        call = next(mine, None) or (self._open[0] if len(self._open) == 1 else None)
        if call is None:
            count_unread(f"a block of {SPAN} ended where none began; make one instrument_llm_call for each block")
            return None
        with suppress(ValueError):  # a thread that runs in a copy of this context was first
            self._open.remove(call)
        return call


def _runs(entered: ref[LlmCall]) -> bool:
    call = entered()
    return call is not None and not call.is_over
