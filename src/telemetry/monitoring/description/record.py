"""A recording rule: a value that the engine computes once, for alerts and dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from telemetry.contracts import Entry, Form

from .duration import DURATION

NAME: Final = Form("[a-z][a-z0-9_]*:[a-z][a-z0-9_]*:[a-z0-9_]+", "a name of level:metric:operation")


@final
@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule.

    Attributes:
        labels: What its series have.
        group: The file that describes it, without its ending.
    """

    name: str
    expression: str
    description: str
    unit: str
    labels: tuple[str, ...]
    group: str


@final
@dataclass(frozen=True, slots=True)
class Expectation:
    """What an expression has to give for certain series.

    Attributes:
        series: The input: from series to values, as promtool reads them.
        at: When it is asked.
        expression: What is asked.
        samples: The answer: from series to value.
    """

    title: str
    group: str
    series: Mapping[str, str]
    at: str
    expression: str
    samples: Mapping[str, float]


def read_record(entry: Entry, group: str) -> Record:
    """Read one recording rule."""
    with entry:
        return Record(
            name=entry.text("name", form=NAME),
            expression=entry.text("expr").strip(),
            description=entry.text("description"),
            unit=entry.text("unit"),
            labels=entry.texts("labels", required=True),
            group=group,
        )


def read_expectation(entry: Entry, group: str) -> Expectation:
    """Read what a recording rule has to give."""
    with entry:
        return Expectation(
            title=entry.text("title"),
            group=group,
            series=single(entry, "series"),
            at=entry.text("at", form=DURATION),
            expression=entry.text("expr"),
            samples={labels: _float(entry, labels, value) for labels, value in single(entry, "samples").items()},
        )


def single(entry: Entry, key: str) -> Mapping[str, str]:
    """Read an object of strings."""
    return {name: values[0] for name, values in entry.table(key).items()}


def _float(entry: Entry, labels: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        (entry.place / "samples" / labels).report(f"must be a number in quotes; it is {value!r}")
        return 0.0
