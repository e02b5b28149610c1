"""Find the series of a metric that a test asks for, and say what there is instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.signals import Family, Series

from .difference import suggestion
from .value import brief, number


def fitting(family: Family, labels: Mapping[str, str]) -> list[Series]:
    """Give the series that have these labels, and maybe others."""
    wanted = labels.items()
    return [each for each in family.series if wanted <= dict(zip(family.labels, each.labels, strict=True)).items()]


def series_name(family: Family, series: Series) -> str:
    """Write a series as a scrape does, as `name{label="value"}`."""
    labels = ",".join(f'{name}="{value}"' for name, value in zip(family.labels, series.labels, strict=True) if value)
    return f"{family.name}{{{labels}}}" if labels else family.name


def problem(families: Mapping[str, Family], metric: str, expected: Any, labels: Mapping[str, str]) -> str | None:
    """Say why no single series of a metric has these labels and this value; None where one has.

    A metric that nobody recorded has the value 0. What is compared of a histogram or summary is the number of its
    observations.
    """
    family = families.get(metric)
    found = fitting(family, labels) if family else []
    if len(found) == 1 and number(found[0].value) == expected:
        return None
    if not found and expected == 0:
        return None
    asked = "".join(f", {name}={value!r}" for name, value in labels.items())
    return "\n".join((_opening(family, found, expected, metric + asked), *_there(families, family, metric)))


def _opening(family: Family | None, found: list[Series], expected: Any, asked: str) -> str:
    if len(found) > 1:
        return f"{asked}: {len(found)} series have these labels; name more of them"
    if not found:
        what = "no series has these labels" if family else "nothing was recorded"
        return f"{asked}: expected {expected}, but {what}"
    return f"{asked}: expected {expected}, but it is {brief(number(found[0].value))}"


def _there(families: Mapping[str, Family], family: Family | None, metric: str) -> Iterator[str]:
    if family is None:
        yield f"recorded metrics: {', '.join(sorted(families)) or 'none'}{suggestion(metric, families)}"
        return
    yield "recorded:"
    for series in family.series:
        yield f"  {series_name(family, series)} {brief(number(series.value))}"
