"""The span processors of a runtime, the SDK's or the user's own, in the order in which they came.

What one of them raises is counted and goes no further: neither the application nor the next processor notices.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, final

from telemetry._hotpath import text

Count = Callable[[str, str], None]


@final
class Processors:
    """A growing row of processors.

    Attributes:
        row: The processors; a tuple that is replaced, so that a span that starts meanwhile sees one or the other.
    """

    __slots__ = ("_count", "row")

    def __init__(self, count: Count) -> None:
        self._count = count
        self.row: tuple[Any, ...] = ()

    def add(self, processor: Any) -> None:
        """Take in one more."""
        self.row = (*self.row, processor)

    def started(self, live: Any, context: Any) -> None:
        """Show a span that has begun, which takes attributes from them."""
        for processor in self.row:
            self._call(processor, "on_start", live, parent_context=context)

    def ending(self, live: Any) -> None:
        """Show a span that is about to end, and takes attributes for the last time; ending it again does nothing."""
        live.is_ending = True
        for processor in self.row:
            if hasattr(processor, "_on_ending"):  # experimental there, so not every class has it
                self._call(processor, "_on_ending", live)

    def ended(self, readable: Any) -> None:
        """Show a span that has ended."""
        for processor in self.row:
            self._call(processor, "on_end", readable)

    def flush(self, timeout_seconds: float) -> bool:
        """Ask each to send what it holds, within one deadline; tell whether all did."""
        deadline = time.monotonic() + timeout_seconds
        arrived = True
        for processor in self.row:
            left = max(0, int((deadline - time.monotonic()) * 1000))
            arrived = self._call(processor, "force_flush", left) is not False and arrived
        return arrived

    def close(self, timeout_seconds: float) -> None:
        """Shut each down, and forget it; one that takes longer is left to itself, since it may wait for a network."""
        row, self.row = self.row, ()
        if not row:
            return None
        closing = threading.Thread(target=self._shut, args=(row,), name="telemetry-processors", daemon=True)
        try:
            closing.start()
        except RuntimeError:  # the interpreter is going down, and starts no thread any more
            return self._shut(row)
        closing.join(timeout_seconds)
        if closing.is_alive():
            self._count("processor_failed", f"shutdown() took longer than {timeout_seconds:.1f} seconds")
        return None

    def _shut(self, row: tuple[Any, ...]) -> None:
        for processor in row:
            self._call(processor, "shutdown")

    def _call(self, processor: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(processor, method)(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- a processor is the user's code
            problem = f"{type(processor).__name__}.{method}() raised {type(error).__name__}: {text(error)}"
            self._count("processor_failed", problem)
            return False
