"""How a runtime samples: by its settings, by what was changed since, and by its overhead budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, final

from telemetry._hotpath import Ring, undecided
from telemetry.config import SamplingRule, Settings
from telemetry.errors import ConfigurationError
from telemetry.tracing import Decide, Keeping, Terms, sampler

from .thinned import Thinned, never

_SHARES: Final = {"always_on": 1.0, "always_off": 0.0}
_NS_PER_MS: Final = 1e6


@final
@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Attributes:
        name: One of OpenTelemetry's sampler names.
        argument: The ratio of those that have one.
        plug: An object with the interface of OpenTelemetry's `Sampler`; None where there is none.
        slower_than_ms: Infinite where no trace is kept for being slow.
    """

    name: str
    argument: float
    plug: Any
    rules: tuple[SamplingRule, ...]
    keep_failures: bool
    slower_than_ms: float

    @property
    def keeps(self) -> bool:
        """Whether refused traces may be kept."""
        return self.keep_failures or self.slower_than_ms < math.inf

    def with_sampler(self, given: Any) -> Self:
        """Give the same with another sampler: a name, a ratio, or an object.

        Raises:
            ConfigurationError: It is none of these.
        """
        if isinstance(given, str):
            sampler(given, self.argument)
            return replace(self, name=given, plug=None)
        if isinstance(given, int | float):
            sampler("traceidratio", given)
            return replace(self, name="parentbased_traceidratio", argument=float(given), plug=None)
        if not callable(getattr(given, "should_sample", None)):
            raise ConfigurationError(
                f"sampler={given!r}: give a name, a ratio from 0 to 1, or an object with should_sample()"
            )
        return replace(self, plug=given)


@final
class Sampling:
    """Keeps the terms of one runtime in step with what is asked for.

    Args:
        settings: What is asked for at first.
        plug: A sampler that was plugged in.
        terms: What the tracers and the watch go by.
        ring: Where the spans of refused traces wait, beside it, and go when they are kept.
    """

    __slots__ = ("_area", "_ring", "_share", "_terms", "_wish")

    def __init__(self, settings: Settings, plug: Any, terms: Terms, ring: Ring) -> None:
        slower = settings.keep_slower_than_ms
        self._wish = Wish(
            settings.sampler,
            settings.sampler_arg,
            plug,
            settings.sampling_rules,
            settings.keep_failures,
            math.inf if slower is None else slower,
        )
        self._terms = terms
        self._ring = ring
        self._share = 1.0
        self._area: undecided.UndecidedArea | None = None
        self._apply()

    def change(
        self,
        given: Any,
        rules: Sequence[SamplingRule] | None,
        keep_failures: bool | None,
        keep_slower_than_ms: float | None,
    ) -> None:
        """Ask for something else; None leaves a part as it is.

        Raises:
            ConfigurationError: A part is wrong; then nothing changes.
        """
        wish = self._wish if given is None else self._wish.with_sampler(given)
        if rules is not None:
            wish = replace(wish, rules=tuple(rules))
        if keep_failures is not None:
            wish = replace(wish, keep_failures=keep_failures)
        if keep_slower_than_ms is not None:
            wish = replace(wish, slower_than_ms=keep_slower_than_ms)
        before, self._wish = self._wish, wish
        try:
            self._apply()
        except ConfigurationError:
            self._wish = before
            raise

    def thin(self, share: float) -> None:
        """Keep only this part of what would be kept: the overhead budget asks for that."""
        self._share = share
        self._apply()

    def close(self) -> None:
        """Keep what is undecided: nobody will decide about it any more."""
        if self._area is not None:
            self._area.keep_all()

    def _apply(self) -> None:
        wish, terms = self._wish, self._terms
        decide = self._decide()
        rules = self._rules()
        terms.decide = decide
        terms.sampler = self._plugged(decide)
        terms.rules = rules
        # To record what is refused is what costs most, so it is the first thing that a budget goes without.
        terms.keeping = self._keeping() if wish.keeps and self._share == 1.0 else None

    def _decide(self) -> Decide | None:
        """Give the verdict on new traces: those that a smaller ratio takes are among those of each greater one."""
        wish = self._wish
        if self._share == 1.0:
            return sampler(wish.name, wish.argument)
        configured = _SHARES.get(wish.name.removeprefix("parentbased_"), wish.argument)
        return sampler("traceidratio", configured * self._share)

    def _plugged(self, decide: Decide | None) -> Any:
        if self._share == 0.0:
            return Thinned(None, never)
        if self._share == 1.0 or self._wish.plug is None or decide is None:
            return self._wish.plug
        return Thinned(self._wish.plug, decide)

    def _rules(self) -> Any:
        if not self._wish.rules:
            return None
        from telemetry.tracing import Rules

        return Rules([replace(rule, ratio=rule.ratio * self._share) for rule in self._wish.rules])

    def _keeping(self) -> Keeping:
        if self._area is None:
            self._area = undecided.UndecidedArea(self._ring)
        return Keeping(self._area, self._wish.keep_failures, self._wish.slower_than_ms * _NS_PER_MS)
