"""The figures of a report as one JSON object."""

from __future__ import annotations

from typing import Any

from .figures import Chapter, Figure, Report


def as_document(report: Report) -> dict[str, Any]:
    """Give the figures; times are seconds since 1970, values are in the unit of their metric."""
    return {
        "profile": report.profile.name,
        "source": report.source,
        "at": report.at_s,
        "hours": report.profile.hours,
        "newest": report.newest_s,
        "fresh": report.is_fresh,
        "metrics": [_chapter(each) for each in report.chapters],
        "problems": list(report.problems),
    }


def _chapter(chapter: Chapter) -> dict[str, Any]:
    contract = chapter.contract
    adds = contract.kind == "counter"
    series = [_figure(each) | ({"added": sum(each.values)} if adds else {}) for each in chapter.figures]
    return {"name": contract.name, "kind": contract.kind, "unit": contract.unit, "series": series}


def _figure(figure: Figure) -> dict[str, Any]:
    values = figure.values
    return {
        "series": figure.labels,
        "first": values[0],
        "last": values[-1],
        "change": values[-1] - values[0],
        "mean": figure.mean,
        "least": min(values),
        "greatest": max(values),
    }
