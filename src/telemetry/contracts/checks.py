"""Check registry files: that they load, that names keep the rules, and that people can work with them.

Loading refuses what is wrong in itself. The rules in here ask for more, and only `check_registry` applies them, so a
file that breaks one still loads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Final

from telemetry.errors import RegistryError

from .cardinality import known_series, least_limit
from .declaration import Declarations
from .entry import Place
from .finding import Finding, finding, is_structural
from .lifecycle import lifecycle_rules
from .load import Files, read_files
from .merge import merge
from .metric import AMBIENT_LABELS, LEAVING, MetricContract, unfit
from .naming import Rule, review, unversioned
from .registry import Registry
from .spelling import suggestion

CLOSED_LABELS: Final = ("parser_id", "ci_job", "alert_severity", "error_code")
"""Labels that never take an open value."""

MOST_MODULES: Final = 50
FEWEST_BUCKETS: Final = 3
NARROWEST_COVER: Final = 10

_SENTENCE: Final = r"(?![a-z]+\b)\S+\s.*[.!?]"
_MISPLACED_VERSION: Final = "_v[0-9]+_|_v(?:[01]|0[0-9]+)$|_(?:ver|version|rev)_?[0-9]+(?:_|$)"


def check_registry(*paths: str | PathLike[str], packs: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """Check files and the packs that they extend; an empty tuple when all is well.

    Mistakes that leave nothing to look at come alone: correct them, and the rules have their say.

    >>> check_registry()
    ()

    Args:
        paths: Registry files, in the order in which they extend each other.
        packs: The packs to check besides, as in `load_registry`.

    Raises:
        ContractError: There is no such pack.
    """
    errors: list[RegistryError] = []
    files = read_files(paths, packs, errors)
    if not any(map(is_structural, errors)):
        _check(files, errors)
    return tuple(sorted(map(finding, errors)))


def _check(files: Files, errors: list[RegistryError]) -> None:
    registry = merge(files.declarations, packs=files.packs, paths=files.paths)
    if any(map(is_structural, errors)):
        return
    rules = rules_of(registry)
    for file in files.declarations:
        _check_metrics(file, registry, rules)
        _check_values(file)
        for place, description in _described(file):
            if problem := _wording(description):
                (place / "description").report(problem, "TC124")


def _check_metrics(file: Declarations, registry: Registry, rules: Mapping[str, Rule]) -> None:
    for item in file.metrics:
        name = item.contract.name
        for key, problem, code in review(registry.metrics.get(name) or registry.removed[name], rules):
            (item.place / key).report(problem, code)


def _check_values(file: Declarations) -> None:
    for key, table in (("enumerations", file.enumerations), ("reserved", file.reserved)):
        for label, values in table.items():
            for index, value in enumerate(values):
                if problem := unfit(value):
                    (file.place / key / label / index).report(problem, "TC122")


def _described(file: Declarations) -> Iterator[tuple[Place, str]]:
    for each in (*file.attributes, *file.fields):
        yield each.place, each.contract.description
    for span in file.spans:
        yield span.place, span.contract.description
        for index, attribute in enumerate(span.contract.attributes.values()):
            yield span.place / "attributes" / index, attribute.description
    for event in file.events:
        yield event.place, event.contract.description
        for index, field in enumerate(event.contract.fields.values()):
            yield event.place / "fields" / index, field.description


def rules_of(registry: Registry) -> Mapping[str, Rule]:
    """Give the rules that only a check applies, by the names that waivers use."""
    return {
        "closed_labels": Rule("labels", _closed_labels, "TC121"),
        "label_values": Rule("values", lambda metric: _label_values(metric, registry), "TC122"),
        "few_modules": Rule("values", _few_modules, "TC123"),
        "description_sentence": Rule("description", lambda metric: _wording(metric.description), "TC124"),
        "owner_known": Rule("owner", lambda metric: _owner_known(metric.owner, registry.owners), "TC125"),
        "bucket_cover": Rule("buckets", _bucket_cover, "TC126"),
        "version_suffix": Rule("name", _version_suffix, "TC127"),
        "successor": Rule("stability", _successor, "TC128"),
        **lifecycle_rules(registry),
        "known_series": Rule("labels", lambda metric: _known_series(metric, registry), "TC301"),
    }


def _closed_labels(metric: MetricContract) -> str | None:
    for label in metric.labels:
        if label in CLOSED_LABELS and label not in metric.values:
            return f"label {label!r} takes any value; list its values in 'values' here, or in 'enumerations'"
    return None


def _label_values(metric: MetricContract, registry: Registry) -> str | None:
    for label, values in metric.values.items():
        for value in sorted(values) if label not in registry.enumerations else ():
            if problem := unfit(value, run_scoped=label == "run_id"):
                return f"label {label!r}: {problem}"
    return None


def _few_modules(metric: MetricContract) -> str | None:
    count = len(metric.values.get("module_id", ()))
    if count <= MOST_MODULES:
        return None
    return f"'module_id' has {count} values, more than {MOST_MODULES}; count by a group of modules"


def _wording(description: str) -> str | None:
    if re.fullmatch(_SENTENCE, description, re.DOTALL):
        return None
    return f"{description[:60]!r} is no sentence; begin with a capital, end with a full stop, and say what it is"


def _owner_known(owner: str, owners: Sequence[str]) -> str | None:
    if not owners or owner in owners:
        return None
    return f"nobody knows the owner {owner!r}{suggestion(owner, owners)}; add it to 'owners', or correct it"


def _bucket_cover(metric: MetricContract) -> str | None:
    bounds = metric.bounds
    if metric.kind != "histogram" or metric.exponential:
        return None
    if len(bounds) < FEWEST_BUCKETS:
        return f"{len(bounds)} buckets tell little; give it {FEWEST_BUCKETS} or more"
    if bounds[0] > 0 and bounds[-1] < NARROWEST_COVER * bounds[0]:
        return f"{bounds[0]:g} to {bounds[-1]:g} is a narrow range; let the last be {NARROWEST_COVER} times the first"
    return None


def _version_suffix(metric: MetricContract) -> str | None:
    if not re.search(_MISPLACED_VERSION, metric.name):
        return None
    plain = re.sub(_MISPLACED_VERSION, "_", metric.name).strip("_")
    return f"a version is '_v' and a number from 2, at the end; call it '{unversioned(plain)}_v2', or without it"


def _successor(metric: MetricContract) -> str | None:
    if metric.stability not in LEAVING or metric.replaced_by:
        return None
    return "nothing says what to use in its place; add 'replaced_by'"


def _known_series(metric: MetricContract, registry: Registry) -> str | None:
    known = known_series(metric, AMBIENT_LABELS)
    environment, limit = least_limit(metric, registry)
    if known <= limit:
        return None
    return (
        f"its labels have {known} known combinations, and the limit is {limit} ({environment}); "
        "raise 'cardinality' of the metric, or leave out a label or values"
    )
