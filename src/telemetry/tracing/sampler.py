"""Samplers: whether a trace that starts here is kept.

A trace that came from elsewhere keeps the verdict of its sender.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from telemetry.errors import ConfigurationError

Decide = Callable[[int], bool]

_BITS = 56
_LOW_56_BITS = (1 << _BITS) - 1


def sampler(name: str, argument: float | None = None) -> Decide | None:
    """Give the verdict on new traces for one of OpenTelemetry's sampler names; None keeps all.

    `parentbased_` names and their plain forms differ only for traces with a remote parent, whose flag is honoured
    by either here. A ratio takes traces by their low 56 bits, as W3C Trace Context level 2 (§3.2.2.5.2) makes those
    random, so that all parts of a system with one ratio choose the same traces.

    Raises:
        ConfigurationError: There is no such sampler, or the ratio is not within [0, 1].
    """
    plain = name.removeprefix("parentbased_")
    if plain == "always_on":
        return None
    if plain == "always_off":
        return Ratio(0.0)
    if plain == "traceidratio":
        return Ratio(1.0 if argument is None else argument)
    raise ConfigurationError(
        f"sampler {name!r} is not known: use always_on, always_off, traceidratio, or one of these after parentbased_"
    )


@final
class Ratio:
    """Takes a share of all traces, the same ones wherever the same share is taken, and some of them where less is.

    Source: OpenTelemetry, TraceState: Probability Sampling (OTEP 235).

    Attributes:
        threshold: A trace is taken whose low 56 bits reach it; the hot path compares by itself.
        state: The `tracestate` of what is taken, which says how many traces one stands for; empty where that is one.

    >>> Ratio(0.25).state
    'ot=th:c'

    Raises:
        ConfigurationError: The share is not within [0, 1].
    """

    __slots__ = ("state", "threshold")

    def __init__(self, share: float) -> None:
        if not 0.0 <= share <= 1.0:
            raise ConfigurationError(f"sampler ratio {share!r} is not within 0 and 1")
        self.threshold = round((1.0 - share) * (1 << _BITS))
        is_partial = 0 < self.threshold <= _LOW_56_BITS
        self.state = f"ot=th:{self.threshold:014x}".rstrip("0") if is_partial else ""

    def __call__(self, trace_id: int) -> bool:
        """Say whether this trace is taken."""
        return (trace_id & _LOW_56_BITS) >= self.threshold
