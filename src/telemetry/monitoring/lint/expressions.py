"""One expression held against the registry: its names, labels, values and functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from telemetry.contracts import LEAVING
from telemetry.promql import STANDIN, Expression, Grouping, PromQLError, Selection, read_expression

from .notes import Notes
from .series import Series, engine_series

RATES: Final = ("rate", "irate", "increase")
_OF_COUNTERS: Final = frozenset(
    {*RATES, "resets", "changes", "absent", "absent_over_time", "present_over_time", "last_over_time", "timestamp",
     "count", "group"}
)  # fmt: skip
_QUANTILE: Final = "histogram_quantile"

Keys = tuple[str | int, ...]
Known = Mapping[str, Series]


def check_expression(
    text: str, known: Known, notes: Notes, keys: Keys, *, filters: Sequence[str] = (), is_recorded: bool = False
) -> None:
    """Note what is wrong with an expression.

    Args:
        text: PromQL, with Grafana's macros.
        known: The series that there are.
        notes: Takes what is wrong.
        keys: Where the expression stands in its file.
        filters: The labels by which each selection that can has to be narrowed.
        is_recorded: Whether a rule records the answer, which may be a running total.
    """
    try:
        expression = read_expression(text)
    except PromQLError as error:
        notes.add("TC701", keys, str(error))
        return
    for selection in expression.selections:
        found = known.get(selection.name) or engine_series(selection.name)
        if found is None:
            _note_unknown(selection, known, notes, keys)
            continue
        for code, problem, remedy in _problems(selection, found, filters):
            if not (is_recorded and code == "TC705"):
                notes.add(code, keys, problem, remedy)
    _check_groupings(expression, known, notes, keys)


def _note_unknown(selection: Selection, known: Known, notes: Notes, keys: Keys) -> None:
    if not selection.name:
        return
    bare = next((f"{selection.name}_{end}" for end in ("bucket", "count") if f"{selection.name}_{end}" in known), "")
    hint = f"use {bare}, a series of this histogram" if bare else _closest(selection.name, known)
    notes.add("TC702", keys, f"there is no series {selection.name!r}", hint)


def _closest(name: str, known: Known) -> str:
    from difflib import get_close_matches

    closest = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {closest[0]!r}?" if closest else ""


Problem = tuple[str, str, str]


def _problems(selection: Selection, series: Series, filters: Sequence[str]) -> Iterator[Problem]:
    metric = series.metric
    if metric is not None and metric.stability in LEAVING:
        remedy = f"use {metric.replaced_by}" if metric.replaced_by else ""
        yield "TC703", f"{metric.name} is {metric.stability}", remedy
    if series.labels is not None:
        yield from _labels(selection, series, series.labels)
        for label in filters:
            if label in series.labels and label not in selection.labels:
                yield "TC717", f"{selection.name} is not narrowed by {label!r}", f'add {label}=~"${label}"'
    yield from _functions(selection, series)


def _labels(selection: Selection, series: Series, labels: frozenset[str]) -> Iterator[Problem]:
    for label, operator, value in selection.matchers:
        if label not in labels:
            known = ", ".join(sorted(labels - {"__name__"}))
            yield "TC704", f"{selection.name} has no label {label!r}: it has {known}", ""
        elif series.metric is not None and operator in ("=", "!=") and value and STANDIN not in value:
            closed = series.metric.values.get(label)
            if closed is not None and value not in closed:
                yield "TC716", f"{selection.name}: {label} is never {value!r}: it is {', '.join(sorted(closed))}", ""


def _functions(selection: Selection, series: Series) -> Iterator[Problem]:
    if series.kind in ("counter", "bucket") and not selection.beside and selection.function not in _OF_COUNTERS:
        how = f"under {selection.function}" if selection.function else "as it is"
        yield "TC705", f"{selection.name} only rises, and is read {how}", f"put it in rate({selection.name}[5m])"
    if series.kind == "gauge" and selection.function in RATES:
        yield "TC706", f"{selection.name} is a gauge, and is read under {selection.function}", ""
    names = [step.name for step in selection.steps]
    if _QUANTILE not in names:
        return
    if series.kind == "gauge" or (series.kind == "counter" and series.metric is not None):
        yield "TC707", f"{_QUANTILE} needs buckets, and {selection.name} has none", ""
    elif any(_drops_le(step.by, step.without) for step in selection.steps[names.index(_QUANTILE) + 1 :]):
        yield "TC707", f"{_QUANTILE} of {selection.name} is aggregated without 'le'", "aggregate by le as well"


def _drops_le(by: tuple[str, ...] | None, without: tuple[str, ...] | None) -> bool:
    return (by is not None and "le" not in by) or (without is not None and "le" in without)


def _check_groupings(expression: Expression, known: Known, notes: Notes, keys: Keys) -> None:
    for grouping in expression.groupings:
        labels = _possible(grouping, known)
        for label in grouping.labels if labels is not None else ():
            if label not in (labels or ()) and label != STANDIN:
                names = ", ".join(sorted(set(grouping.names)))
                notes.add("TC708", keys, f"{grouping.where} ({label}): {names} has no such label")


def _possible(grouping: Grouping, known: Known) -> frozenset[str] | None:
    """Give the labels that a group may be by; None where they are not known."""
    found = [known.get(name) or engine_series(name) for name in grouping.names]
    labels = [each.labels for each in found if each is not None and each.labels is not None]
    if not found or len(labels) < len(found):
        return None
    return frozenset(grouping.made).union(*labels)
