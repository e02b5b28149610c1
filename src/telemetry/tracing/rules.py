"""Sampling rules: what becomes of a trace that begins here, by the name and attributes of its root.

`config` reads them; `sampling` and `watch` ask. A trace that came from elsewhere keeps the verdict of its sender.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Any, final

from telemetry._hotpath import text
from telemetry.config import SamplingRule

from .bucket import Bucket
from .sampler import Ratio

_Fits = Callable[[str], Any]


@final
@dataclass(frozen=True, slots=True)
class Ruling:
    """What a rule said of a trace.

    Attributes:
        is_taken: Whether it is kept.
        state: Its `tracestate`; empty where nobody can know how many traces it stands for.
    """

    is_taken: bool
    state: str


@final
class Rules:
    """Rules in their order: the first one that fits decides.

    >>> rules = Rules([SamplingRule(name="verify.*"), SamplingRule(ratio=0.0)])
    >>> rules.ruling("verify.run", {}, 1).is_taken, rules.ruling("spec.parse", {}, 1).is_taken
    (True, False)
    """

    __slots__ = ("_rules",)

    def __init__(self, rules: Sequence[SamplingRule]) -> None:
        self._rules = tuple(map(_Rule, rules))

    def ruling(self, name: str, attributes: Mapping[str, Any], trace_id: int) -> Ruling | None:
        """Decide about a trace by its first span; None where no rule fits."""
        for rule in self._rules:
            if rule.fits(name, attributes):
                return rule.ruling(trace_id)
        return None


@final
class _Rule:
    __slots__ = ("_attributes", "_bucket", "_name", "_ratio")

    def __init__(self, rule: SamplingRule) -> None:
        self._name = _pattern(rule.name)
        self._attributes = [(name, _pattern(pattern)) for name, pattern in rule.attributes.items()]
        self._ratio = Ratio(rule.ratio)
        self._bucket = None if rule.per_second is None else Bucket(rule.per_second)

    def fits(self, name: str, attributes: Mapping[str, Any]) -> bool:
        if not self._name(name):
            return False
        return all(each in attributes and fits(text(attributes[each])) for each, fits in self._attributes)

    def ruling(self, trace_id: int) -> Ruling:
        if not self._ratio(trace_id):
            return _REFUSED
        if self._bucket is None:
            return Ruling(is_taken=True, state=self._ratio.state)
        return _LET_THROUGH if self._bucket.take() else _REFUSED


_REFUSED = Ruling(is_taken=False, state="")
_LET_THROUGH = Ruling(is_taken=True, state="")


def _pattern(pattern: str) -> _Fits:
    return re.compile(translate(pattern)).match
