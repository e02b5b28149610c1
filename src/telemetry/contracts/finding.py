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
        line: The line of a text, from 1; 0 where `pointer` says the place.

    >>> print(Finding("TC112", "error", "a.json", "/metrics/0/labels", "'environment' is missing", "add it"))
    a.json#/metrics/0/labels: TC112 'environment' is missing; add it
    """

    code: str
    level: Level
    path: str
    pointer: str
    problem: str
    remedy: str
    line: int = 0

    def __lt__(self, other: Finding) -> bool:
        return self._order() < other._order()

    def __str__(self) -> str:
        place = f":{self.line}" if self.line else f"#{self.pointer}"
        return f"{self.path}{place}: {self.code} {self.problem}; {self.remedy}"

    def _order(self) -> tuple[object, ...]:
        steps = tuple(step.zfill(9) if step.isdecimal() else step for step in self.pointer.split("/"))
        return self.path, self.line, steps, self.code, self.problem


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


_WITHOUT_REMEDY: Final = ("TC102", "TC106")
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
    "TC201": Code("window", "no longer in a state than `deprecation_days`", "go on with it"),
    "TC202": Code("day_to_come", "days that have come", "correct the day"),
    "TC203": Code("deprecated_first", "`deprecated_since`, for a metric that is hidden or removed", "add the day"),
    "TC204": Code("lasting_successor", "a successor that is not about to go", "name one that stays"),
    "TC205": Code("old_name", "no use of a metric that is about to go", "use its successor"),
    "TC206": Code("dual_emission", "a successor that says the same", "record both, or waive this", "warning"),
    "TC207": Code("day_order", "`deprecated_since` not after `since`", "correct one of them"),
    "TC208": Code("writes_counter", "no labels on a `_deprecated` counter but those of settings", "leave it out"),
    "TC209": Code("unread", "files that can be read", "correct the file, or do not name it", "warning"),
    "TC301": Code("known_series", "room below the limit for all combinations of known values", "raise `cardinality`"),
    "TC302": Code("overflow", "no series past the limit", "close the label, reserve values, or raise `cardinality`"),
    "TC303": Code("over_limit", "as many series as the limit allows", "look who gives its label values"),
    "TC304": Code("nearly_full", "a fifth of the limit in reserve", "look at the label with most values", "warning"),
    "TC501": Code("recorded", "code that records it", "record it, or leave the contract out", "info"),
    "TC502": Code("tested", "a test that touches it", "test what records it", "info"),
    "TC503": Code("shown", "a dashboard that shows it, for a stable metric", "show it", "info"),
    "TC504": Code("watched", "an alert that watches it, for a stable metric", "watch it", "info"),
    "TC505": Code("call_known", "a contract for what code records", "correct the name, or declare it"),
    "TC506": Code("query_known", "a contract for what a query reads", "correct it, or declare it", "warning"),
    "TC600": Code("nothing", "something that was recorded", "look where it is recorded to"),
    "TC601": Code("span_known", "spans that the registry has", "declare it"),
    "TC602": Code("span_attributes", "the attributes of a span's contract, each of its type and values", "correct it"),
    "TC603": Code("span_undeclared", "attributes that are declared", "declare it, or leave it out", "info"),
    "TC604": Code("span_times", "spans that end after they start", "correct the clock, or who sets the times"),
    "TC605": Code("span_kind", "the kind of a span's contract", "correct one of them", "warning"),
    "TC606": Code("deprecated", "what is not deprecated", "use what replaces it", "warning"),
    "TC610": Code("metric_known", "metrics that the registry has", "declare it"),
    "TC611": Code("metric_shape", "the kind, unit and buckets of a metric's contract", "correct one of them"),
    "TC612": Code("metric_label", "the labels of a metric's contract, and values that they take", "give it a value"),
    "TC613": Code("metric_range", "values that make sense", "correct what is recorded"),
    "TC614": Code("metric_once", "each series once", "expose it once"),
    "TC615": Code("metric_overflow", "fewer series than the cardinality limit", "record fewer label values", "warning"),
    "TC620": Code("event_known", "events that the registry has", "declare it"),
    "TC621": Code("event_fields", "the fields and severity of an event's contract", "correct where it is logged"),
    "TC622": Code("log_run", "the fields that every line has", "log through telemetry.get_logger()"),
    "TC623": Code("log_ids", "the ids of the open span on a line", "log in the context of the span", "warning"),
    "TC630": Code("secret_recorded", "no secrets in what is recorded", "give it a class, or do not record it"),
    "TC640": Code("foreign_recorded", "what the registry's `foreign` allows", "declare it, or allow it", "warning"),
    "TC650": Code("unreadable", "a source that can be read to its end", "see what damaged it", "warning"),
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
"""All kinds of findings, by their code: TC1xx are of declarations, TC2xx of metrics that are about to go, TC3xx of the
number of series, TC4xx of changes, TC5xx of who uses them, TC6xx of what was recorded, TC7xx of what reads metrics."""


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
