"""What is kept of the traces that were refused: those in which something fails, or takes long.

It decides which spans wait for a verdict; the hot path's `Undecided` gives that. `watch` and `provider` call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from telemetry._hotpath import Span, TraceContext, undecided

_SAMPLED = 1


@final
@dataclass(frozen=True, slots=True)
class Keeping:
    """The wish of one runtime.

    Attributes:
        area: Where spans wait.
        failures: Whether a trace is kept in which a span fails.
        slow_ns: A trace is kept in which a span takes longer than this; infinite where none is kept for that.
    """

    area: undecided.UndecidedArea
    failures: bool
    slow_ns: float

    def hold(self, span: Span) -> None:
        """Have a span of ours that has begun, and was refused, wait for the verdict on its trace."""
        if span.trace_flags & _SAMPLED:
            return
        trace = self.trace_below(span.parent, span)
        if trace is not None:
            span.place(trace)

    def trace_below(self, parent: Any, span: Any) -> undecided.Undecided | None:
        """Give the undecided trace of a span that was refused: its parent's, or a new one for a local root.

        None where there is nothing to wait for: its trace has been dropped, or was refused before anybody wished this.
        """
        found = _trace_of(parent)
        if found is None and (parent is None or (isinstance(parent, TraceContext) and parent.is_remote)):
            found = undecided.Undecided(span, self.area, keeps_failures=self.failures, slow_ns=self.slow_ns)
        return found if found is not None and found.is_recording() else None


def is_dropped_by(span: Span) -> bool:
    """Tell whether a span that has ended is the root of a refused trace in which nothing went wrong."""
    trace = span.trace
    return isinstance(trace, undecided.Undecided) and trace.is_dropped_by(span)


def _trace_of(parent: Any) -> undecided.Undecided | None:
    trace = parent.trace if isinstance(parent, Span) else getattr(parent, "undecided", None)
    return trace if isinstance(trace, undecided.Undecided) else None
