"""What a replay shows of rules: how many of their alerts were noise, and which incidents they missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from .episodes import Episode
from .incidents import Incident

MAX_NOISE = 0.05
"""The share of alerts without an incident that rules may have."""


@final
@dataclass(frozen=True, slots=True)
class AlertRow:
    """How one alert did at one level.

    Attributes:
        fired: How often it began to fire.
        noise: How often there was no incident.
    """

    alert: str
    severity: str
    fired: int
    noise: int


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """How rules did over a history.

    Attributes:
        rows: Each alert that fired, the noisiest first.
        incidents: How many incidents there were.
        missed: Those that no alert was about.
        max_noise: The share of noise that is allowed.

    >>> Verdict((AlertRow("ParserSlow", "critical", 20, 1),), 12, (), 0.05).is_well
    True
    """

    rows: tuple[AlertRow, ...]
    incidents: int
    missed: tuple[Incident, ...]
    max_noise: float = MAX_NOISE

    @property
    def fired(self) -> int:
        """How often alerts began to fire, all together."""
        return sum(row.fired for row in self.rows)

    @property
    def noise(self) -> int:
        """How often there was no incident, all together."""
        return sum(row.noise for row in self.rows)

    @property
    def noise_rate(self) -> float:
        """The share of noise, 0 to 1; 0 where nothing fired."""
        return self.noise / self.fired if self.fired else 0.0

    @property
    def is_well(self) -> bool:
        """Whether the rules may go live: little noise, and not by silence through every incident."""
        return self.noise_rate <= self.max_noise and not (self.incidents and len(self.missed) == self.incidents)


def judge(
    episodes: Sequence[Episode],
    incidents: Sequence[Incident],
    *,
    max_noise: float = MAX_NOISE,
    slack_seconds: float = 600.0,
) -> Verdict:
    """Hold the alerts that fired against the incidents that there were.

    Args:
        episodes: What fired.
        incidents: What was really wrong.
        max_noise: The share of alerts that may have no incident, 0 to 1.
        slack_seconds: How long after the end of an incident an alert may still begin to fire for it: about the window
            of its rate and its `for`.
    """
    heard = [any(each.explains(episode, slack_seconds) for each in incidents) for episode in episodes]
    fired = Counter((each.alert, each.severity) for each in episodes)
    noise = Counter((each.alert, each.severity) for each, is_heard in zip(episodes, heard, strict=True) if not is_heard)
    rows = [AlertRow(*who, fired=count, noise=noise[who]) for who, count in fired.items()]
    rows.sort(key=lambda row: (-row.noise, -row.fired, row.alert, row.severity))
    missed = [each for each in incidents if not any(each.explains(episode, slack_seconds) for episode in episodes)]
    return Verdict(tuple(rows), len(incidents), tuple(missed), max_noise)
