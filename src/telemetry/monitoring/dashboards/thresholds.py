"""The colours of a panel: those of the alert that judges the same value, so that the two cannot drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, final

from telemetry.monitoring.description import Alerts

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig

COLOURS: Final[Mapping[str, str]] = {"info": "blue", "warning": "yellow", "critical": "red"}
GOOD: Final = "green"


@final
class Limit(NamedTuple):
    """Where a value becomes worse.

    Attributes:
        when: On which side of the value: `above`, `at_least`, `below` or `at_most`.
    """

    value: float
    severity: str
    when: str

    @property
    def is_above(self) -> bool:
        """Whether greater values are worse."""
        return self.when in ("above", "at_least")

    @property
    def bound(self) -> float:
        """The least value of the colour above it: Grafana takes a bound itself for more than it."""
        return self.value + _HAIR * max(abs(self.value), 1) if self.when in ("above", "at_most") else self.value


_HAIR: Final = 1e-9


def limits_of(alerts: Alerts) -> Mapping[str, Sequence[Limit]]:
    """Give where each alert judges a value to be worse, by its name."""
    return {
        name: [Limit(value, severity, alert.when) for severity, value in alerts.thresholds(name).items()]
        for name, alert in alerts.alerts.items()
    }


def steps(limits: Sequence[Limit]) -> tuple[tuple[float | None, str], ...]:
    """Give the colours from the lowest value up, the first without a bound; several alerts may bound both sides.

    >>> steps([Limit(250, "warning", "at_least"), Limit(300, "critical", "at_least")])
    ((None, 'green'), (250, 'yellow'), (300, 'red'))
    >>> steps([Limit(80, "warning", "below"), Limit(75, "critical", "below")])
    ((None, 'red'), (75, 'yellow'), (80, 'green'))
    """
    below = sorted((each for each in limits if not each.is_above), key=lambda each: each.bound)
    above = sorted((each for each in limits if each.is_above), key=lambda each: each.bound)
    colours = [COLOURS[each.severity] for each in below] + [GOOD] + [COLOURS[each.severity] for each in above]
    bounds = [None, *(each.bound for each in (*below, *above))]
    return tuple(zip(bounds, colours, strict=True))


def thresholds(limits: Sequence[Limit]) -> ThresholdsConfig:
    """Write the colours for Grafana."""
    from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
    from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

    found = [Threshold(value=value, color=colour) for value, colour in steps(limits)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)
