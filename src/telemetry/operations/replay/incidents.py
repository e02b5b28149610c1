"""Incidents that people have labelled: what was really wrong, where and when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from telemetry.errors import SourceError

from .episodes import Episode
from .instants import iso_of, seconds_of

_KEYS = {"labels", "start", "end", "name"}


@final
@dataclass(frozen=True, slots=True)
class Incident:
    """Something that was wrong for a while.

    Attributes:
        labels: Where it was, by labels of the metrics.
        start: Seconds since 1970.
        end: Seconds since 1970.
        name: What people call it; empty where it has no name.

    >>> Incident({"squad": "alpha"}, 0.0, 60.0, "slow parser").described
    'slow parser: squad=alpha, 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z'
    """

    labels: Mapping[str, str]
    start: float
    end: float
    name: str = ""

    @property
    def described(self) -> str:
        """What, where and when, in one line."""
        where = " ".join(f"{label}={value}" for label, value in self.labels.items())
        return f"{self.name and self.name + ': '}{where}, {iso_of(self.start)} to {iso_of(self.end)}"

    def explains(self, episode: Episode, slack_seconds: float) -> bool:
        """Tell whether an alert that fired was about this.

        The two overlap in time, where the alert may come late by the slack. They agree in all labels that both have,
        and have one in common: an alert that sums over squads says nothing of the squad.
        """
        if episode.end < self.start or episode.start > self.end + slack_seconds:
            return False
        common = self.labels.keys() & episode.labels.keys()
        return bool(common) and all(self.labels[label] == episode.labels[label] for label in common)


def read_incidents(path: Path) -> tuple[Incident, ...]:
    """Read a JSON file: an array of objects with `labels`, `start`, `end` and, if you like, `name`.

    A time is ISO 8601, or seconds since 1970.

    Raises:
        SourceError: The file cannot be read; with all that is wrong, each with its JSON pointer.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise SourceError(str(path), "is not JSON: it is nested too deeply") from error
    except ValueError as error:
        raise SourceError(str(path), f"is not JSON: {error}") from error
    if not isinstance(found, list):
        raise SourceError(str(path), "must be an array of incidents, each with 'labels', 'start' and 'end'")
    problems = [f"#/{index}: {problem}" for index, each in enumerate(found) if (problem := _problem(each))]
    if problems:
        raise SourceError(str(path), "\n  ".join(problems))
    return tuple(map(_incident, found))


def _problem(found: Any) -> str:
    """Say what is wrong with one incident; empty where nothing is."""
    if not isinstance(found, dict):
        return "must be an object with 'labels', 'start' and 'end'"
    if unknown := sorted(found.keys() - _KEYS):
        return f"has unknown keys {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}"
    labels, start, end = found.get("labels"), seconds_of(found.get("start")), seconds_of(found.get("end"))
    if not isinstance(labels, dict) or not labels or not all(isinstance(value, str) for value in labels.values()):
        return "'labels' must be an object of strings, with one or more labels"
    if start is None or end is None:
        return "'start' and 'end' must be times: ISO 8601, or seconds since 1970, of the years 1 to 9999"
    if not isinstance(found.get("name", ""), str):
        return "'name' must be a string"
    return "" if start <= end else "must not end before it starts"


def _incident(found: Mapping[str, Any]) -> Incident:
    start, end = seconds_of(found["start"]), seconds_of(found["end"])
    assert start is not None, found
    assert end is not None, found
    return Incident(found["labels"], start, end, found.get("name", ""))
