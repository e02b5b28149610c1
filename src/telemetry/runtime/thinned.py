"""A sampler that asks another one about a part of the traces only, as the overhead budget wants it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, final

Decide = Callable[[int], bool]


@final
class Thinned:
    """Stands before a sampler of the user's: of the traces that begin here it asks about a part only."""

    __slots__ = ("_decide", "_inner")

    def __init__(self, inner: Any, decide: Decide) -> None:
        self._inner = inner
        self._decide = decide

    def should_sample(
        self,
        context: Any,
        trace_id: int,
        name: str,
        kind: Any = None,
        attributes: Any = None,
        links: Sequence[Any] | None = None,
    ) -> Any:
        """Give the verdict on one span: OpenTelemetry, Trace SDK, ShouldSample."""
        from opentelemetry.trace import get_current_span

        parent = get_current_span(context).get_span_context()
        if self._inner is not None and (parent.is_valid or self._decide(trace_id)):
            return self._inner.should_sample(context, trace_id, name, kind, attributes, links)
        return _Dropped(parent.trace_state if parent.is_valid else None)


@final
class _Dropped:
    """A sampling result that records nothing, in the shape of the SDK's, which need not be there."""

    __slots__ = ("trace_state",)

    attributes: Final[dict[str, Any]] = {}

    def __init__(self, trace_state: Any) -> None:
        self.trace_state = trace_state

    @property
    def decision(self) -> _Dropped:
        """Itself."""
        return self

    def is_recording(self) -> bool:
        """Say no."""
        return False

    def is_sampled(self) -> bool:
        """Say no."""
        return False


def never(_trace_id: int) -> bool:
    """Take no trace."""
    return False
