"""Where the ids of API spans come from: our own generator, or an `IdGenerator` of OpenTelemetry's.

No random number of the host's is drawn here, and nothing of OpenTelemetry is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

from telemetry._hotpath import ids, text

Count = Callable[[str, str], None]

_TRACE_IDS = range(1, 1 << 128)
_SPAN_IDS = range(1, 1 << 64)


@final
class OwnIds:
    """Ids of the same generator as those of decorated functions."""

    __slots__ = ()

    def generate_trace_id(self) -> int:
        """Give a new trace id, 128 bits."""
        return ids.new_trace_id()

    def generate_span_id(self) -> int:
        """Give a new span id, 64 bits."""
        return ids.new_span_id()

    def is_trace_id_random(self) -> bool:
        """Say that the low 56 bits are uniform (W3C Trace Context level 2, §3.2.2.5.2)."""
        return True


@final
class PluggedIds:
    """The ids of a generator that the user plugged in; ours stand in where it fails."""

    __slots__ = ("_count", "_own", "generator")

    def __init__(self, generator: Any, count: Count) -> None:
        self.generator = generator
        self._count = count
        self._own = OwnIds()

    def generate_trace_id(self) -> int:
        """Give the generator's trace id, if it is one."""
        return self._checked("generate_trace_id", _TRACE_IDS)

    def generate_span_id(self) -> int:
        """Give the generator's span id, if it is one."""
        return self._checked("generate_span_id", _SPAN_IDS)

    def is_trace_id_random(self) -> bool:
        """Say what the generator says; one that does not know the question makes no promise."""
        ask = getattr(self.generator, "is_trace_id_random", None)
        return bool(ask()) if callable(ask) else False

    def _checked(self, method: str, allowed: range) -> int:
        try:
            made: int = getattr(self.generator, method)()
            if isinstance(made, int) and made in allowed:
                return made
            problem = f"gave {text(made)[:80]}"
        except Exception as error:  # noqa: BLE001 -- the generator is the user's code
            problem = f"raised {type(error).__name__}: {text(error)}"
        self._count("id_generator_failed", f"{type(self.generator).__name__}.{method}() {problem}")
        own: int = getattr(self._own, method)()
        return own


Ids = OwnIds | PluggedIds
