"""The colours of a panel: those of the alert that judges the same value, so that the two cannot drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, final

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig

COLOURS: Final[Mapping[str, str]] = {"info": "blue", "warning": "yellow", "critical": "red"}
GOOD: Final = "green"


@final
class Limit(NamedTuple):
    """Where a value becomes worse: above it, or below."""

    value: float
    severity: str
    is_above: bool


def steps(limits: Sequence[Limit]) -> tuple[tuple[float | None, str], ...]:
    """Give the colours from the lowest value up, the first without a bound; several alerts may bound both sides.

    >>> steps([Limit(250, "warning", True), Limit(300, "critical", True)])
    ((None, 'green'), (250, 'yellow'), (300, 'red'))
    >>> steps([Limit(80, "warning", False), Limit(75, "critical", False)])
    ((None, 'red'), (75, 'yellow'), (80, 'green'))
    """
    below = sorted(each for each in limits if not each.is_above)
    above = sorted(each for each in limits if each.is_above)
    colours = [COLOURS[each.severity] for each in below] + [GOOD] + [COLOURS[each.severity] for each in above]
    bounds = [None, *(each.value for each in (*below, *above))]
    return tuple(zip(bounds, colours, strict=True))


def thresholds(limits: Sequence[Limit]) -> ThresholdsConfig:
    """Write the colours for Grafana."""
    from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
    from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

    found = [Threshold(value=value, color=colour) for value, colour in steps(limits)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)
