"""Makes a runtime do with less, as a rung of the budget says.

Nothing is asked at a call: sites are made anew, as when another recorder comes in, and the sampler gets another ratio.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, final

from telemetry._hotpath import Site, sample_with, switch
from telemetry.config import Settings
from telemetry.tracing import Terms, sampler

from .budget import LADDER, Rung

Decide = Callable[[int], bool]

_SHARES: Final = {"always_on": 1.0, "always_off": 0.0}


class Thrifty(Protocol):
    """What is made to do with less: a runtime."""

    settings: Settings
    terms: Terms


@final
class Thrift:
    """What one runtime leaves out now.

    Attributes:
        rung: How far it does with less.
    """

    __slots__ = ("_runtime", "_sampler", "rung")

    def __init__(self, runtime: Thrifty) -> None:
        self._runtime = runtime
        self._sampler: Any = runtime.terms.sampler
        self.rung = LADDER[0]

    def take(self, rung: Rung) -> None:
        """Do with this much from now on; spans that are open end as they began."""
        before, self.rung = self.rung, rung
        with switch.held():
            decide = self._decide()
            self._runtime.terms.decide = decide
            self._runtime.terms.sampler = self._plugged(decide)
            if switch.recorder() is not self._runtime:
                return
            sample_with(decide)
            if _leaves_out(rung) != _leaves_out(before):
                switch.put_in(self._runtime)

    def trim(self, site: Site) -> bool:
        """Take from a site what is left out, before it is prepared; tell whether it still has spans."""
        if self.rung.number == 0:
            return True
        # Sources that only the span needs would still be read at each call.
        site.sources = tuple(site.sources[index] for index in site.labels)
        site.labels = tuple(range(len(site.sources)))
        site.captured = {}
        if self.rung.share:
            return True
        site.name = ""
        return False

    def _decide(self) -> Decide | None:
        """Give the verdict on new traces: those that a smaller ratio takes are among those of each greater one."""
        settings = self._runtime.settings
        if self.rung.share == 1.0:
            return sampler(settings.sampler, settings.sampler_arg)
        configured = _SHARES.get(settings.sampler.removeprefix("parentbased_"), settings.sampler_arg)
        return sampler("traceidratio", configured * self.rung.share)

    def _plugged(self, decide: Decide | None) -> Any:
        if self.rung.share == 0.0:
            return _Thinned(None, _never)
        if self.rung.share == 1.0 or self._sampler is None or decide is None:
            return self._sampler
        return _Thinned(self._sampler, decide)


def _leaves_out(rung: Rung) -> tuple[bool, bool]:
    """Say what sites have to be made anew for: whether arguments are left out, and whether spans are."""
    return rung.number > 0, rung.share == 0.0


@final
class _Thinned:
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


def _never(_trace_id: int) -> bool:
    return False
