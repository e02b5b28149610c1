"""How a runtime samples: by its settings, by what was changed since, and by its overhead budget."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self, final

from telemetry._hotpath import Ring, undecided
from telemetry.config import SETTINGS, SamplingRule, Settings
from telemetry.errors import ConfigurationError
from telemetry.tracing import Decide, Keeping, Terms, sampler

from .thinned import Thinned, never

_SHARES: Final = {"always_on": 1.0, "always_off": 0.0}
_NS_PER_MS: Final = 1e6
_READ: Final = {setting.name: setting.read for setting in SETTINGS}


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

    def with_rules(self, given: Any) -> Self:
        """Give the same with other rules: `SamplingRule`s, or tables of what one has.

        Raises:
            ConfigurationError: One of them is wrong.
        """
        tables = (
            [_table(rule) for rule in given] if isinstance(given, Sequence) and not isinstance(given, str) else given
        )
        return replace(self, rules=_read("sampling_rules", tables, "rules"))

    def with_kept(self, failures: Any, slower_than_ms: Any) -> Self:
        """Give the same with other reasons to keep a refused trace; None leaves one as it is.

        Raises:
            ConfigurationError: One of them is wrong.
        """
        wish = self if failures is None else replace(self, keep_failures=_read("keep_failures", failures))
        if slower_than_ms is None:
            return wish
        return replace(wish, slower_than_ms=_read("keep_slower_than_ms", slower_than_ms))


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
        wish = Wish(
            settings.sampler,
            settings.sampler_arg,
            plug,
            settings.sampling_rules,
            settings.keep_failures,
            math.inf if slower is None else slower,
        )
        self._terms = terms
        self._ring = ring
        self._area: undecided.UndecidedArea | None = None
        self._apply(wish, 1.0)

    def change(
        self,
        given: Any,
        rules: Sequence[SamplingRule | Mapping[str, Any]] | None,
        keep_failures: bool | None,
        keep_slower_than_ms: float | None,
    ) -> None:
        """Ask for something else; None leaves a part as it is.

        Raises:
            ConfigurationError: A part is wrong; then nothing changes.
        """
        wish = self._wish if given is None else self._wish.with_sampler(given)
        if rules is not None:
            wish = wish.with_rules(rules)
        self._apply(wish.with_kept(keep_failures, keep_slower_than_ms), self._share)

    def thin(self, share: float) -> None:
        """Keep only this part of what would be kept: the overhead budget asks for that."""
        self._apply(self._wish, share)

    def close(self) -> None:
        """Keep what is undecided: nobody will decide about it any more."""
        if self._area is not None:
            self._area.keep_all()

    def _apply(self, wish: Wish, share: float) -> None:
        """Go by this from now on; what raises does so before anything has changed."""
        decide = _decide(wish, share)
        rules = _rules(wish, share)
        # To record what is refused is what costs most, so it is the first thing that a budget goes without.
        keeping = self._keeping(wish) if wish.keeps and share == 1.0 else None
        terms, self._wish, self._share = self._terms, wish, share
        terms.decide, terms.sampler, terms.rules, terms.keeping = decide, _plugged(wish, share, decide), rules, keeping

    def _keeping(self, wish: Wish) -> Keeping:
        if self._area is None:
            self._area = undecided.UndecidedArea(self._ring)
        return Keeping(self._area, wish.keep_failures, wish.slower_than_ms * _NS_PER_MS)


def _decide(wish: Wish, share: float) -> Decide | None:
    """Give the verdict on new traces: those that a smaller ratio takes are among those of each greater one."""
    if share == 1.0:
        return sampler(wish.name, wish.argument)
    configured = _SHARES.get(wish.name.removeprefix("parentbased_"), wish.argument)
    return sampler("traceidratio", configured * share)


def _plugged(wish: Wish, share: float, decide: Decide | None) -> Any:
    if share == 0.0:
        return Thinned(None, never)
    if share == 1.0 or wish.plug is None or decide is None:
        return wish.plug
    return Thinned(wish.plug, decide)


def _rules(wish: Wish, share: float) -> Any:
    if not wish.rules:
        return None
    from telemetry.tracing import Rules

    return Rules([replace(rule, ratio=rule.ratio * share) for rule in wish.rules])


def _read(setting: str, given: Any, argument: str = "") -> Any:
    try:
        return _READ[setting](given)
    except ValueError as error:
        raise ConfigurationError(f"sample({argument or setting}={given!r}): {error}") from None


def _table(rule: Any) -> Any:
    return {part.name: getattr(rule, part.name) for part in fields(rule)} if isinstance(rule, SamplingRule) else rule
