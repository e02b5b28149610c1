"""One level of an alert: its threshold, and how long that has to be passed."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Final, Literal, final, get_args

from telemetry.contracts import Entry

from .duration import DURATION, SPAN, seconds

Severity = Literal["info", "warning", "critical"]
"""How bad it is; the last is the worst."""

When = Literal["above", "below", "at_most", "at_least"]
"""On which side of its threshold a value alerts."""

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
SIDES: Final[tuple[When, ...]] = get_args(When)
SIGNS: Final = {"above": ">", "below": "<", "at_most": "<=", "at_least": ">="}


@final
@dataclass(frozen=True, slots=True)
class Level:
    """One level of an alert.

    Attributes:
        hold: How long the threshold has to be passed (`for`); empty for an event, which alerts at once.
        window: How far back the value looks.
    """

    severity: Severity
    threshold: float
    hold: str
    window: str


def read_level(entry: Entry, severity: Severity, base: Level, *, is_event: bool) -> Level:
    """Read the level of one severity; what it does not say is as in `base`, where an unknown threshold is NaN.

    A window that is longer than `for` is refused: one blip would fill the window for all of that time.
    """
    with entry.entry(severity) as inner:
        threshold = inner.number("threshold", None if isnan(base.threshold) else base.threshold)
        threshold = threshold if inner.has("threshold") and inner.is_sound else base.threshold
        window = inner.text("window", base.window, SPAN) if inner.has("window") or base.window else ""
        if is_event:
            inner.forbid("for", "an event alerts at once, and for as long as its window; leave it out")
            return Level(severity, threshold, "", window)
        hold = inner.text("for", base.hold or None, DURATION)
        if hold and seconds(hold) < seconds(window):
            problem = f"must be as long as the window of {window}: one blip fills that for so long; it is {hold}"
            (inner.place / "for").report(problem)
        return Level(severity, threshold, hold, window)


def changed_level(entry: Entry, base: Level, *, is_event: bool) -> Level | None:
    """Read what an exception changes of a level; None where it changes nothing."""
    return read_level(entry, base.severity, base, is_event=is_event) if entry.has(base.severity) else None
