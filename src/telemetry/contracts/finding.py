"""A finding: what a check of the contracts found, where, and what to do about it.

Each kind has a code, which stays what it is once it has been released. Checks make findings; commands print them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, final, get_args

from telemetry.errors import RegistryError

from .load import InvalidRegistryError

Level = Literal["error", "warning", "info"]
"""How bad a finding is; an error fails a check."""

LEVELS: Final[tuple[Level, ...]] = get_args(Level)


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found; sorts by its place.

    Attributes:
        code: A key of `CODES`.
        path: The file.
        pointer: The place in it, as a JSON pointer (RFC 6901); empty for the whole file.
        problem: What is wrong.
        remedy: What to do.

    >>> print(Finding("TC112", "error", "a.json", "/metrics/0/labels", "'environment' is missing", "add it"))
    a.json#/metrics/0/labels: TC112 'environment' is missing; add it
    """

    code: str
    level: Level
    path: str
    pointer: str
    problem: str
    remedy: str

    def __lt__(self, other: Finding) -> bool:
        return self._order() < other._order()

    def __str__(self) -> str:
        return f"{self.path}#{self.pointer}: {self.code} {self.problem}; {self.remedy}"

    def _order(self) -> tuple[object, ...]:
        steps = tuple(step.zfill(9) if step.isdecimal() else step for step in self.pointer.split("/"))
        return self.path, steps, self.code, self.problem


@final
@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    Attributes:
        name: Its short name; a rule's is what a waiver names.
        wants: What is right.
        remedy: What to do; a finding may know it better.
    """

    name: str
    wants: str
    remedy: str
    level: Level = "error"


_WITHOUT_REMEDY: Final = ("TC101", "TC102", "TC106")
"""What these say ends with what was found; others end with what to do, after a semicolon."""

_FORMAT: Final = "write it as registry.schema.json says"

CODES: Final[Mapping[str, Code]] = {
    "TC101": Code("file", "a file that can be read: one JSON object in UTF-8", "correct the file, or its name"),
    "TC102": Code("format", "the keys and values of the format", _FORMAT),
    "TC103": Code("once", "each key, name and value once, with one meaning", "keep one, or give yours another name"),
    "TC104": Code(
        "reference", "names of packs, metrics, labels and values that there are", "correct it, or declare it"
    ),
    "TC105": Code("series", "series that only one metric exposes", "rename one"),
    "TC106": Code("rising", "numbers that rise: buckets, quantiles, ranges", "put them in order, each once"),
    "TC107": Code("secret", "a class for what is called like a secret, and no label for it", "give it a class"),
    "TC110": Code("snake_case", "lower case, words joined by one `_`", "rename it"),
    "TC111": Code("label_count", "four labels at most", "leave out the least useful"),
    "TC112": Code("environment_label", "the label `environment`", "add it"),
    "TC113": Code("bounded_labels", "no label for ids and texts; `run_id` on gauges only", "put it on a span"),
    "TC114": Code("counter_total", "`_total` at the end of a counter's name", "rename it"),
    "TC115": Code("total_counter", "no `_total` at the end of other names", "rename it"),
    "TC116": Code("unit_suffix", "the unit that the name says", "correct the name or the unit"),
    "TC117": Code("time_unit", "seconds, where the name says no other unit of time", "record seconds"),
    "TC118": Code("ratio_range", "the range `[0, 1]` for a gauge in `ratio`", "state it"),
    "TC119": Code("deprecation_day", "`since`, for a deprecated metric", "add the day"),
    "TC120": Code("idle_waiver", "waivers of rules that are broken", "leave the waiver out"),
    "TC121": Code("closed_labels", "values for `parser_id`, `ci_job`, `alert_severity`, `error_code`", "list them"),
    "TC122": Code("label_values", "names as values of a label: no texts, no ids", "give it a name"),
    "TC123": Code("few_modules", "50 values of `module_id` at most", "count by a group of modules"),
    "TC124": Code("description_sentence", "a sentence that says what it is", "write a sentence"),
    "TC125": Code("owner_known", "an owner out of `owners`, where a file lists them", "add it to `owners`"),
    "TC126": Code("bucket_cover", "three buckets or more, the last ten times the first", "add buckets"),
    "TC127": Code("version_suffix", "`_v` and a number from 2 at the end, for another schema", "rename it"),
    "TC128": Code("successor", "`replaced_by`, for a deprecated metric", "name what to use"),
    "TC701": Code("promql", "expressions that are PromQL", "correct the expression"),
    "TC702": Code("known_metric", "metrics that the registry has", "correct the name, or declare the metric"),
    "TC703": Code("current_metric", "no deprecated metrics", "use its successor"),
    "TC704": Code("metric_label", "labels that the metric has", "leave it out, or declare it"),
    "TC705": Code("counter_rate", "counters under `rate`, `increase` or the like", "put it in rate(…[5m])"),
    "TC706": Code("gauge_rate", "no rate of a gauge", "use delta, deriv or an aggregate over time"),
    "TC707": Code("quantile_buckets", "quantiles of the rates of buckets, by `le`", "aggregate the rates by le"),
    "TC708": Code("grouped_labels", "groups by labels that the metrics have", "correct the label, or leave it out"),
    "TC709": Code("panel_unit", "a unit for every panel with numbers", "set the unit"),
    "TC710": Code("panel_texts", "a title and a description for every panel", "say what it shows"),
    "TC711": Code("known_keys", "keys that Grafana knows", "correct the key, or leave it out"),
    "TC712": Code("unique_ids", "ids of panels and uids of dashboards once each", "give one another id"),
    "TC713": Code("datasource_variable", "data sources that a variable chooses", "use ${datasource}"),
    "TC714": Code("defined_variables", "variables that the dashboard defines", "define it, or leave it out"),
    "TC715": Code("for_window", "`for` as long as the window of the rate", "make it longer, or the window shorter"),
    "TC716": Code("label_value", "values that a closed label takes", "correct the value, or declare it"),
    "TC717": Code("environment_filter", "queries that the dashboard's variables narrow", "add a matcher for it"),
}
"""All kinds of findings, by their code: TC1xx are of declarations, TC7xx of what reads metrics."""


def finding(error: RegistryError) -> Finding:
    """Make a finding of one mistake in a registry file."""
    kind = CODES[error.code]
    problem, remedy = (error.problem, "") if error.code in _WITHOUT_REMEDY else _parts(error.problem)
    return Finding(error.code, kind.level, error.path, error.pointer, problem, remedy or kind.remedy)


def findings(error: RegistryError) -> tuple[Finding, ...]:
    """Make findings of all mistakes that one error tells."""
    errors = error.errors if isinstance(error, InvalidRegistryError) else (error,)
    return tuple(sorted(map(finding, errors)))


def is_structural(error: RegistryError) -> bool:
    """Tell whether a mistake leaves no contract to look at, so that rules have to wait."""
    return error.code < "TC110"


def _parts(text: str) -> tuple[str, str]:
    """Split what a rule says into the problem and the remedy."""
    plain = re.sub(r" \(rule '\w+'; 'waive' can lift it, with a reason\)$", "", text)
    problem, semicolon, remedy = plain.rpartition("; ")
    return (problem, remedy) if semicolon else (plain, "")
