"""All alerts, recording rules and exceptions: the shipped ones and the user's, checked together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, final

from telemetry.contracts import Entry, Registry
from telemetry.errors import RegistryError

from .alert import Alert, read_alert
from .bounds import check_level, check_order
from .duration import SPAN
from .level import Level, Severity
from .override import Override, read_override
from .reading import read_part
from .record import Expectation, Record, read_expectation, read_record

MISSING_GROUP: Final = "missing"
"""The group of the generated rules on data that no longer comes."""

_INTERVAL: Final = "10s"


@final
@dataclass(frozen=True, slots=True)
class Variant:
    """How one level of an alert judges some of its series.

    Attributes:
        match: The labels of those series; empty for all the others.
        owner: Who answers for them; empty for the owner of the metric.
        runbook_url: Where the runbook of these series is; empty for that of the alert.
        others: The labels of series that another variant judges.
    """

    level: Level
    match: Mapping[str, str]
    owner: str
    runbook_url: str
    others: tuple[Mapping[str, str], ...]


@final
@dataclass(frozen=True, slots=True)
class Alerts:
    """All that is to be alerted about.

    Attributes:
        alerts: By name, in the order of the files.
        intervals: How often the rules of a group are evaluated.
    """

    alerts: Mapping[str, Alert] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    overrides: tuple[Override, ...] = ()
    intervals: Mapping[str, str] = field(default_factory=dict)

    def thresholds(self, name: str) -> Mapping[Severity, float]:
        """Give the thresholds of an alert that hold where no exception does."""
        return {variant.level.severity: variant.level.threshold for variant in self.variants(name) if not variant.match}

    def variants(self, name: str) -> tuple[Variant, ...]:
        """Give how an alert judges its series: each series of each level is in exactly one of them."""
        alert = self.alerts[name]
        base, exceptions, whole = self._base(alert), self._exceptions(name), self._whole(name)
        return tuple(
            variant for level in alert.levels for variant in _variants(base[level.severity], exceptions, whole)
        )

    def _base(self, alert: Alert) -> Mapping[Severity, Level]:
        """Give the levels of an alert, changed by the exceptions for all of its series."""
        whole = [each for each in self.overrides if each.alert == alert.name and not each.match]
        changed = {level.severity: level for each in whole for level in each.levels}
        return {level.severity: changed.get(level.severity, level) for level in alert.levels}

    def _exceptions(self, name: str) -> tuple[Override, ...]:
        """Give the exceptions for some series, the most particular first, and among equals the last."""
        some = [each for each in reversed(self.overrides) if each.alert == name and each.match]
        return tuple(sorted(some, key=lambda each: -len(each.match)))

    def _whole(self, name: str) -> tuple[str, str]:
        """Give the owner and the runbook of all series, where exceptions say them."""
        whole = [each for each in self.overrides if each.alert == name and not each.match]
        owners, addresses = ([each.owner for each in whole if each.owner], [each.runbook_url for each in whole])
        return owners[-1] if owners else "", next((each for each in reversed(addresses) if each), "")


def _variants(base: Level, exceptions: Sequence[Override], whole: tuple[str, str]) -> list[Variant]:
    """Split the series of one level among the exceptions; what none of them takes is the base's."""
    owner, address = whole
    taking = [each for each in exceptions if _takes(each, base)]
    found = [Variant(base, {}, owner, address, tuple(each.match for each in taking))]
    for index, each in enumerate(taking):
        level = _level(base, [each, *(other for other in taking if other.match.items() < each.match.items())])
        stronger = tuple(other.match for other in taking[:index] if not each.excludes(other))
        found.append(Variant(level, each.match, each.owner or owner, each.runbook_url or address, stronger))
    return found


def _level(base: Level, exceptions: Sequence[Override]) -> Level:
    """Give the level of the first exception that says it; what says none is judged as those around it."""
    said = (level for each in exceptions for level in each.levels if level.severity == base.severity)
    return next(said, base)


def _takes(exception: Override, base: Level) -> bool:
    is_judged = any(level.severity == base.severity for level in exception.levels)
    return bool(is_judged or exception.owner or exception.runbook_url)


def read_alerts(folders: Sequence[Path], registry: Registry, findings: list[RegistryError]) -> Alerts:
    """Read the alerts of all folders; what is wrong goes to `findings`.

    A file whose packs are not loaded is left out, and so are the exceptions in it.
    """
    files = [entry for entry in read_part(folders, "alerts", findings) if _is_wanted(entry, registry)]
    alerts: dict[str, Alert] = {}
    records: list[Record] = []
    expectations: list[Expectation] = []
    intervals: dict[str, str] = {}
    exceptions: list[Entry] = []
    for entry in files:
        with entry:
            group = Path(entry.place.path).stem
            _check_group(entry, group)
            intervals[group] = entry.text("interval", default=_INTERVAL, form=SPAN)
            records += [read_record(each, group) for each in entry.entries("record")]
            expectations += [read_expectation(each, group) for each in entry.entries("expect")]
            for each in entry.entries("alert"):
                _take(each, read_alert(each, group, registry), alerts)
            exceptions += entry.entries("override")
    overrides = filter(None, [read_override(entry, alerts) for entry in exceptions])
    return _with_runbooks(Alerts(alerts, tuple(records), tuple(expectations), tuple(overrides), intervals))


def _is_wanted(entry: Entry, registry: Registry) -> bool:
    return set(entry.texts("packs")) <= {*registry.packs}


def _check_group(entry: Entry, group: str) -> None:
    if group == MISSING_GROUP:
        problem = f"rules/{group}.yml is generated for data that no longer comes, and would replace these rules"
        entry.place.report(f"{problem}; rename the file", "TC103")


def _take(entry: Entry, alert: Alert | None, alerts: dict[str, Alert]) -> None:
    if alert is None:
        return
    if (known := alerts.get(alert.name)) is not None:
        problem = (
            f"there are two alerts {alert.name!r}, the other in {known.path}; rename one, or write an [[override]]"
        )
        (entry.place / "name").report(problem, "TC103")
        return
    alerts[alert.name] = alert
    for level in alert.levels:
        check_level(entry, alert, level)
    check_order(entry, alert)
    if alert.level("critical") and alert.runbook is None:
        entry.place.report("a critical alert needs a 'runbook': it wakes somebody, who has to know what to do")


def _with_runbooks(alerts: Alerts) -> Alerts:
    """Put the runbooks of exceptions for all series into their alerts."""
    changed = {each.alert: each.runbook for each in alerts.overrides if each.runbook is not None}
    return replace(
        alerts,
        alerts={name: replace(each, runbook=changed.get(name, each.runbook)) for name, each in alerts.alerts.items()},
    )
