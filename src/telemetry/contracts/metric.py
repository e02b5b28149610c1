"""What is agreed about one metric: its kind, unit, labels, buckets, and which label values it takes.

It records nothing; the metrics room makes instruments from it. Whether its name keeps the rules is for `naming`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final, Literal, final, get_args

from telemetry.signals import MetricKind

from .credentials import without_credentials
from .entry import Entry
from .form import DAY, LABEL_NAME, METRIC_NAME
from .limits import OVERFLOW, read_own_limits

State = Literal["experimental", "beta", "stable", "deprecated", "hidden", "removed"]
"""Where a metric stands in its life; what is deprecated is hidden next, and then removed."""

Across = Literal["last", "sum", "max", "min", "merge"]
"""How the series that several processes have of one metric become one."""

AMBIENT_LABELS = ("environment", "env", "host_region", "workspace_tier")
"""Labels that the settings give a value, so that no call has to; some contracts call the environment `env`."""

TIME_UNITS: Mapping[str, float] = {
    "seconds": 1.0,
    "milliseconds": 1e3,
    "microseconds": 1e6,
    "nanoseconds": 1e9,
    "minutes": 1 / 60,
    "hours": 1 / 3600,
}
"""From a unit of time to the number of them in a second."""

METRIC_KINDS: Final[tuple[MetricKind, ...]] = get_args(MetricKind)
STATES: Final[tuple[State, ...]] = get_args(State)
LEAVING: Final[tuple[State, ...]] = ("deprecated", "hidden")
"""The states of a metric that is still recorded, and about to go."""

_ACROSS: Final[Mapping[MetricKind, tuple[Across, ...]]] = {
    "counter": ("sum",),
    "gauge": ("last", "sum", "max", "min"),
    "histogram": ("merge",),
    "summary": ("merge",),
}
_VALUE_CHARACTERS = 128
_UUID = "(?i:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})"
_SEPARATORS = r"[\s\x00-\x1f\x7f]"
_TAKEN: Final[Mapping[str, str]] = {
    "": "is empty, which Prometheus takes for no label at all; give it a name, such as 'none'",
    OVERFLOW: f"must not be {OVERFLOW!r}, which stands for all series past the limit; give it another name",
}


@final
@dataclass(frozen=True, slots=True)
class ShareContract:
    """What a derived gauge follows from: the share of one label value in a counter, over the last interval.

    Attributes:
        metric: The counter.
        label: The label of it that is divided by.
        value: The value of that label whose share it is.
    """

    metric: str
    label: str
    value: str
    interval_seconds: int


@final
@dataclass(frozen=True, slots=True)
class MetricContract:
    """What is agreed about one metric.

    Attributes:
        unit: What a value counts, in the plural: `seconds`, `bytes`, `ratio`, `count`.
        owner: The team that answers for it.
        labels: At most four names, in the order of a series' values.
        values: The allowed values of each closed label; an open label is not in it.
        bounds: A histogram's upper bucket bounds, rising, without +Inf.
        exponential: Whether a histogram keeps buckets as fine as its values allow, for OTLP; the bounds then serve the
            Prometheus formats.
        quantiles: A summary's quantiles, rising, 0 to 1.
        range: The least and the greatest value that make sense; None for no limits.
        share: What a derived gauge follows from; None for what is recorded.
        waive: Naming rule to the reason why this metric may break it.
        since: The day (ISO 8601) since which `stability` holds.
        replaced_by: The metric to use in place of a deprecated one.
        source: The file that declares it.
        deprecated_since: The day (ISO 8601) on which what is hidden or removed was deprecated.
        relabel: The labels that have another name in `replaced_by`, each with that name.
        counts: The metric whose writes this counter counts, where the registry added it for a deprecated one.
        cardinality: The greatest number of series that this metric has, by environment; it wins over the registry's.
        reserved: The known values of open labels, whose combinations keep a series of their own.

    >>> contract = MetricContract("parse_duration_ms", "histogram", "milliseconds", "Parse time.", "parser")
    >>> contract.duration_scale
    1000.0
    """

    name: str
    kind: MetricKind
    unit: str
    description: str
    owner: str
    labels: tuple[str, ...] = ()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    bounds: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    range: tuple[float, float] | None = None
    share: ShareContract | None = None
    across: Across = "sum"
    waive: Mapping[str, str] = field(default_factory=dict, hash=False)
    stability: State = "stable"
    since: str = ""
    replaced_by: str = ""
    source: str = field(default="", compare=False)
    exponential: bool = False
    cardinality: Mapping[str, int] = field(default_factory=dict, hash=False)
    reserved: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False, compare=False)
    deprecated_since: str = ""
    relabel: Mapping[str, str] = field(default_factory=dict, hash=False)
    counts: str = ""

    @property
    def duration_scale(self) -> float | None:
        """The factor from seconds to the metric's unit; None when it does not measure time."""
        return TIME_UNITS.get(self.unit)

    def label_breach(self, label: str, value: str) -> str | None:
        """Say why a label may not have a value; None when it may.

        A closed label takes its values only. An open one takes names: text, UUIDs and other 32-digit ids are refused,
        because each would start a series of its own. Call it once for each new series, not for each observation.
        """
        if label not in self.labels:
            return f"{self.name} has no label {label!r}: it has {', '.join(self.labels) or 'none'}"
        allowed = self.values.get(label)
        if allowed is None:
            return self._open_breach(label, value)
        if value in allowed:
            return None
        return f"{self.name}: label {label!r} must be one of {', '.join(sorted(allowed))}; it is {value[:80]!r}"

    def _open_breach(self, label: str, value: str) -> str | None:
        problem = unfit(value, run_scoped=label == "run_id" and self.kind == "gauge")
        return problem and f"{self.name}: label {label!r} {problem}"


def unfit(value: str, *, run_scoped: bool = False) -> str | None:
    """Say why a text may not be the value of a label; None when it may."""
    if value in _TAKEN:
        return _TAKEN[value]
    if without_credentials(value) != value:
        return "looks like a credential; give it a name of what it is for"
    if len(value) > _VALUE_CHARACTERS:
        return f"has {len(value)} characters, more than {_VALUE_CHARACTERS}; put texts into a span attribute"
    if re.search(_SEPARATORS, value):
        return f"must be a name, not text: {value!r} has white space; put texts into a span attribute"
    if not run_scoped and re.fullmatch(_UUID, value):
        return f"must not be an id: {value!r} would start a series of its own; put ids into a span attribute"
    return None


def read_metric(entry: Entry, source: str, rules: Sequence[str]) -> MetricContract:
    """Read a metric's declaration; `rules` are the naming rules that it may waive."""
    with entry:
        entry.forbid("type", "unknown key; the kind of a metric is its 'kind'")
        kind = entry.choice("kind", METRIC_KINDS)
        labels = entry.texts("labels", form=LABEL_NAME, required=True)
        return MetricContract(
            name=entry.text("name", form=METRIC_NAME),
            kind=kind,
            unit=entry.text("unit"),
            description=entry.text("description"),
            owner=entry.text("owner"),
            labels=labels,
            values=_read_values(entry.entry("values"), labels),
            bounds=_read_numbers_of("histogram", "buckets", entry, kind),
            quantiles=_read_numbers_of("summary", "quantiles", entry, kind, low=0, high=1),
            range=_read_range(entry, kind),
            share=_read_share(entry, kind),
            across=entry.choice("across", _ACROSS[kind], default=_ACROSS[kind][0]),
            waive=_read_waivers(entry.entry("waive"), rules),
            stability=entry.choice("stability", STATES, default="stable"),
            since=_read_day(entry, "since"),
            replaced_by=entry.text("replaced_by", default="", form=METRIC_NAME),
            source=source,
            exponential=_read_exponential(entry, kind),
            deprecated_since=_read_day(entry, "deprecated_since"),
            relabel=_read_relabel(entry, labels),
            cardinality=read_own_limits(entry),
        )


def _read_values(entry: Entry, labels: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    with entry:
        values = {label: frozenset(entry.texts(label, least=1)) for label in entry.keys(LABEL_NAME)}
        for label in sorted(values.keys() - set(labels)):
            (entry.place / label).report(f"{label!r} is no label of this metric; add it to 'labels'", "TC104")
        return values


def _read_numbers_of(
    owner: MetricKind, key: str, entry: Entry, kind: MetricKind, *, low: float = -inf, high: float = inf
) -> tuple[float, ...]:
    if kind == owner:
        return entry.numbers(key, required=True, least=1, low=low, high=high)
    entry.forbid(key, f"only a {owner} has {key}; this is a {kind}")
    return ()


def _read_day(entry: Entry, key: str) -> str:
    """Read a day of the calendar."""
    day = entry.text(key, default="", form=DAY)
    if re.fullmatch(DAY.pattern, day):
        from datetime import date  # most files need none, and it takes a millisecond

        try:
            date.fromisoformat(day)
        except ValueError:
            (entry.place / key).report(f"{day!r} is no day of the calendar")
    return day


def _read_relabel(entry: Entry, labels: tuple[str, ...]) -> Mapping[str, str]:
    if not entry.has("replaced_by"):
        entry.forbid("relabel", "only a metric with 'replaced_by' has labels that are called otherwise there")
        return {}
    with entry.entry("relabel") as given:
        found = {label: given.text(label, form=LABEL_NAME) for label in given.keys(LABEL_NAME)}
        for label in sorted(found.keys() - set(labels)):
            (given.place / label).report(f"{label!r} is no label of this metric; add it to 'labels'", "TC104")
        return found


def _read_exponential(entry: Entry, kind: MetricKind) -> bool:
    if kind == "histogram":
        return entry.flag("exponential")
    entry.forbid("exponential", f"only a histogram is exponential; this is a {kind}")
    return False


def _read_share(entry: Entry, kind: MetricKind) -> ShareContract | None:
    if kind != "gauge":
        entry.forbid("share", f"only a gauge is derived; this is a {kind}")
        return None
    share = entry.entry("share")
    if not entry.has("share"):
        return None
    with share:
        return ShareContract(
            metric=share.text("metric", form=METRIC_NAME),
            label=share.text("label", form=LABEL_NAME),
            value=share.text("value"),
            interval_seconds=share.count("interval_seconds"),
        )


def _read_range(entry: Entry, kind: MetricKind) -> tuple[float, float] | None:
    if kind != "gauge":
        entry.forbid("range", f"only a gauge has a range; this is a {kind}")
        return None
    limits = entry.numbers("range", least=2)
    if len(limits) > 2:
        (entry.place / "range").report(f"must have 2 members, the least and the greatest value; it has {len(limits)}")
    return (limits[0], limits[-1]) if limits else None


def _read_waivers(entry: Entry, rules: Sequence[str]) -> Mapping[str, str]:
    with entry:
        return {rule: reason for rule in rules if (reason := entry.text(rule, default=""))}
