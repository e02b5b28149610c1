"""Find who still uses the name of a metric that is about to go, or gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from telemetry.contracts import CODES, LEAVING, Finding, MetricContract, Registry

from .files import Text, Unread, texts
from .scan import mentions
from .vocabulary import Vocabulary


def old_names(registry: Registry, paths: Iterable[Path]) -> tuple[Finding, ...]:
    """Find each line that names a deprecated, hidden or removed metric, and each file that could not be read.

    The files of the registry are not looked at.

    Args:
        registry: The contracts.
        paths: Files and folders: dashboards, rules, Python code, any other text.
    """
    old = [metric for metric in registry.metrics.values() if metric.stability in LEAVING]
    vocabulary = Vocabulary([*registry.metrics.values(), *registry.removed.values()])
    gone = {metric.name for metric in (*old, *registry.removed.values())}
    found: list[Finding] = []
    for each in texts(paths, but=registry.files):
        if isinstance(each, Unread):
            found += unread_findings([each])
        else:
            found += _findings(each, vocabulary, gone)
    return tuple(sorted(found))


def unread_findings(unread: Iterable[Unread]) -> Iterator[Finding]:
    """Make a finding of each file that was not looked at."""
    for each in unread:
        code = CODES["TC209"]
        yield Finding("TC209", code.level, str(each.path), "", each.problem, code.remedy)


def _findings(text: Text, vocabulary: Vocabulary, gone: set[str]) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    for mention in mentions(text):
        metric = vocabulary.metric_of(mention.name)
        if metric is None or metric.name not in gone or (mention.line, metric.name) in seen:
            continue
        seen.add((mention.line, metric.name))
        yield Finding(
            "TC205", "error", str(text.path), "", _problem(mention.name, metric), _remedy(metric), mention.line
        )


def _problem(name: str, metric: MetricContract) -> str:
    since = f" since {metric.since}" if metric.since else ""
    return f"{name!r} is {metric.stability}{since}"


def _remedy(metric: MetricContract) -> str:
    if not metric.replaced_by:
        return "leave it out"
    renamed = ", ".join(f"{old} is {new}" for old, new in metric.relabel.items())
    return f"use {metric.replaced_by!r}{f', where the label {renamed}' if renamed else ''}"
