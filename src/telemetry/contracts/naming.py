"""The rules that a metric's name, labels and unit keep; a metric may waive one for a reason.

A rule looks at one contract at a time and says what breaks it, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from .metric import TIME_UNITS, MetricContract

MOST_LABELS: Final = 4

_SNAKE_CASE: Final = "[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
_VERSION: Final = "_v[0-9]+$"
_DATED: Final = ("deprecated", "hidden", "removed")
_SUFFIX_UNITS: Final[Mapping[str, str]] = {
    "_ms": "milliseconds",
    "_milliseconds": "milliseconds",
    "_seconds": "seconds",
    "_minutes": "minutes",
    "_hours": "hours",
    "_bytes": "bytes",
    "_ratio": "ratio",
    "_percent": "percent",
    "_usd": "usd",
}
_UNBOUNDED_LABELS: Final = frozenset(
    {"run_id", "trace_id", "span_id", "request_id", "session_id", "user_id", "uuid", "message", "error_message", "path"}
)


def _snake_case(metric: MetricContract) -> str | None:
    broken = [name for name in (metric.name, *metric.labels) if not re.fullmatch(_SNAKE_CASE, name)]
    return f"{broken[0]!r} is not snake_case; write it in lower case, words joined by '_'" if broken else None


def _label_count(metric: MetricContract) -> str | None:
    count = len(metric.labels)
    return f"{count} labels are more than {MOST_LABELS}; leave out the least useful" if count > MOST_LABELS else None


def _environment_label(metric: MetricContract) -> str | None:
    return (
        None
        if "environment" in metric.labels
        else "the label 'environment' is missing; add it to 'labels', as every metric has it"
    )


def _bounded_labels(metric: MetricContract) -> str | None:
    for label in metric.labels:
        if label in _UNBOUNDED_LABELS and not (label == "run_id" and metric.kind == "gauge"):
            return f"label {label!r} has no bounded set of values; put it on a span (only a gauge may have 'run_id')"
    return None


def _counter_total(metric: MetricContract) -> str | None:
    plain = unversioned(metric.name)
    if metric.kind != "counter" or plain.endswith(("_total", "_deprecated")):
        return None
    return f"a counter's name ends in '_total'; call it '{plain}_total'"


def _total_counter(metric: MetricContract) -> str | None:
    if metric.kind == "counter" or not unversioned(metric.name).endswith("_total"):
        return None
    return f"only a counter's name ends in '_total', and this is a {metric.kind}; leave the ending out"


def _unit_suffix(metric: MetricContract) -> str | None:
    plain = unversioned(metric.name).removesuffix("_total")
    for suffix, unit in _SUFFIX_UNITS.items():
        if plain.endswith(suffix) and metric.unit != unit:
            return f"a name in '{suffix}' has the unit {unit!r}, not {metric.unit!r}; correct one of them"
    return None


def _time_unit(metric: MetricContract) -> str | None:
    plain = unversioned(metric.name).removesuffix("_total")
    if metric.unit == "seconds" or metric.unit not in TIME_UNITS:
        return None
    if any(plain.endswith(suffix) and unit == metric.unit for suffix, unit in _SUFFIX_UNITS.items()):
        return None
    return f"time is in seconds unless the name says otherwise; record seconds, or name the {metric.unit}"


def _ratio_range(metric: MetricContract) -> str | None:
    if metric.unit != "ratio" or metric.kind != "gauge" or metric.range == (0, 1):
        return None
    return "a ratio has the range [0, 1]; state it"


def _deprecation_day(metric: MetricContract) -> str | None:
    if metric.stability not in _DATED or metric.since:
        return None
    return f"a {metric.stability} metric says since when; add 'since' with the day"


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        key: The key of the declaration that a breach of it is shown at.
        problem: Says what breaks it and, after a semicolon, what to do; None when nothing does.
        code: The code of a breach.
    """

    key: str
    problem: Callable[[MetricContract], str | None]
    code: str


RULES: Final[Mapping[str, Rule]] = {
    "snake_case": Rule("name", _snake_case, "TC110"),
    "label_count": Rule("labels", _label_count, "TC111"),
    "environment_label": Rule("labels", _environment_label, "TC112"),
    "bounded_labels": Rule("labels", _bounded_labels, "TC113"),
    "counter_total": Rule("name", _counter_total, "TC114"),
    "total_counter": Rule("name", _total_counter, "TC115"),
    "unit_suffix": Rule("unit", _unit_suffix, "TC116"),
    "time_unit": Rule("unit", _time_unit, "TC117"),
    "ratio_range": Rule("unit", _ratio_range, "TC118"),
    "deprecation_day": Rule("stability", _deprecation_day, "TC119"),
}


LATER_RULES: Final = (
    "closed_labels",
    "label_values",
    "few_modules",
    "description_sentence",
    "owner_known",
    "bucket_cover",
    "version_suffix",
    "successor",
    "deprecated_first",
    "lasting_successor",
    "dual_emission",
    "day_order",
    "writes_counter",
    "known_series",
)
"""The rules of `checks`, which a metric may waive too; a file that breaks one still loads."""

WAIVER_CODE: Final = "TC120"


def review(metric: MetricContract, rules: Mapping[str, Rule] = RULES) -> Iterator[tuple[str, str, str]]:
    """Go through all that breaks a rule, and all waivers of rules that are kept: the key, what is wrong, the code.

    >>> [key for key, *_ in review(MetricContract("compile", "counter", "count", "Runs.", "me", ("environment",)))]
    ['name']
    """
    for name, rule in rules.items():
        problem = rule.problem(metric)
        if problem and name not in metric.waive:
            yield rule.key, f"{problem} (rule {name!r}; 'waive' can lift it, with a reason)", rule.code
        elif name in metric.waive and not problem:
            yield "waive", f"rule {name!r} is kept, so there is nothing to waive; leave the waiver out", WAIVER_CODE


def unversioned(name: str) -> str:
    """Give a metric's name without the version at its end."""
    return re.sub(_VERSION, "", name)
