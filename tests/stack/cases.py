"""The conditions of alerts, taken from their generated unit tests: what must be fed to an engine to make each fire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TIMES = ("_timestamp_seconds", "_ts")
"""Endings of metrics whose value is a time; in unit tests that begins with 0."""

PRODUCTION = "production"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Played:
    """A series of a unit test: its name with labels, and its value at each step, None where it has none."""

    name: str
    values: tuple[float | None, ...]
    is_time: bool

    def at(self, step: float) -> float | None:
        """Give the value at a step; the last one holds on."""
        return self.values[min(int(step), len(self.values) - 1)] if step >= 0 else None


@dataclass(frozen=True)
class Case:
    """One condition.

    Attributes:
        alert: The alert that it is about.
        severities: The levels that it makes fire; none for a case in which all is well.
        environment: What the label `environment`, or `env`, is here: a name of its own for each case.
        interval: Seconds from one step to the next.
        step: The step at which the unit test wants it to fire.
        over: How many steps later the unit test wants it to be over; None where it does not.
    """

    alert: str
    severities: tuple[str, ...]
    environment: str
    interval: int
    step: int
    over: int | None
    series: tuple[Played, ...]


def two_at_once() -> Case:
    """Give a case that no unit test has: two series of one metric that differ in a label which rules set themselves."""
    environment = "two-severities"
    names = (f'escaped_defect_count{{environment="{environment}",severity="{each}"}}' for each in ("critical", "low"))
    series = tuple(Played(name, (*[None] * 10, 1.0), is_time=False) for name in names)
    return Case("DefectEscaped", ("critical",), environment, 60, 10, None, series)


def read_cases(folder: Path) -> list[Case]:
    """Read the cases of a generated tree: for each alert and level one that fires, and one in which all is well."""
    every = [case for path in sorted(folder.glob("*.yml")) for case in _cases(yaml.safe_load(path.read_text()))]
    own = [case for case in every if case.environment != PRODUCTION]
    # What is about production only has but one environment, so it is played once.
    return own + [case for case in every if case.environment == PRODUCTION and case.severities][:1]


def _cases(document: Mapping[str, Any]) -> Iterator[Case]:
    for test in document.get("tests", ()):
        name, checks = str(test.get("name", "")), test.get("alert_rule_test", [])
        if not checks or "edge" in name or "ALERTS" in str(test["input_series"]):
            continue
        fired = [check for check in checks if check["exp_alerts"]]
        if not fired and "all is well" not in name:
            continue
        first = (fired or checks)[0]
        after = [check for check in checks if fired and not check["exp_alerts"] and _later(check, first)]
        interval = seconds(test["interval"])
        step = seconds(first["eval_time"]) // interval
        levels = tuple(each["exp_labels"]["severity"] for each in first["exp_alerts"])
        environment = re.sub(r"[^a-z0-9]+", "-", f"{first['alertname']} {name}".lower()).strip("-")[:80]
        over = seconds(after[0]["eval_time"]) // interval - step if after else None
        series = tuple(_played(each, environment) for each in test["input_series"])
        yield Case(first["alertname"], levels, _environment(series, environment), interval, step, over, series)


def _later(check: Mapping[str, Any], first: Mapping[str, Any]) -> bool:
    return seconds(check["eval_time"]) > seconds(first["eval_time"])


def _played(found: Mapping[str, str], environment: str) -> Played:
    name = found["series"]
    if "guardrail" not in name:  # that alert is about production only
        name = re.sub(r'\b(environment|env)="[^"]*"', rf'\1="{environment}"', name)
    return Played(name, tuple(expanded(found["values"])), name.partition("{")[0].endswith(TIMES))


def _environment(series: tuple[Played, ...], environment: str) -> str:
    return environment if any(environment in each.name for each in series) else PRODUCTION


def seconds(duration: str) -> int:
    """Read a duration such as 15m10s.

    >>> seconds("15m10s")
    910
    """
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", str(duration)))


def expanded(values: str) -> Iterator[float | None]:
    """Write out promtool's short form of values.

    >>> list(expanded("1+2x2 _ 5x1 stale"))
    [1.0, 3.0, 5.0, None, 5.0, 5.0, None]
    """
    for part in values.split():
        found = re.fullmatch(r"(?P<first>[^x]+?)(?:(?P<step>[+-][^+-]+))?x(?P<times>\d+)", part)
        if part in {"stale", "_"}:
            yield None
        elif part.startswith("_x"):
            yield from [None] * int(part[2:])
        elif found:
            first, step = float(found["first"]), float(found["step"] or 0)
            yield from (first + step * number for number in range(int(found["times"]) + 1))
        else:
            yield float(part)
