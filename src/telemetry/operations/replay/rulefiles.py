"""Rule files as they are replayed: in stages, so that each rule finds what it needs recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from telemetry.errors import SourceError

_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_OF_ALERTS: Final = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
_LEFT_OUT: Final = {"annotations", "keep_firing_for"}  # Debian's vmalert does not know the second
_ENDINGS: Final = {".yml", ".yaml"}


@final
@dataclass(frozen=True, slots=True)
class RuleFile:
    """Rules of one file.

    Attributes:
        path: Where they are.
        rules: Each as the file has it.
    """

    path: Path
    rules: tuple[Mapping[str, Any], ...]


def read_rules(path: Path) -> tuple[RuleFile, ...]:
    """Read a rule file, or all of a folder. Groups of another type than PromQL, such as `vlogs`, are left out.

    Raises:
        SourceError: There is no rule file, or one is not YAML or has no groups of rules.
    """
    paths = sorted(each for each in path.rglob("*") if each.suffix in _ENDINGS) if path.is_dir() else [path]
    found = tuple(RuleFile(each, tuple(_rules(each))) for each in paths)
    if not any(rule for each in found for rule in each.rules if "alert" in rule):
        raise SourceError(str(path), "has no rule that alerts; name a rule file, or a folder of them")
    return found


def stages(files: Iterable[RuleFile]) -> list[list[Mapping[str, Any]]]:
    """Sort rules into stages: each reads only what earlier stages record, and `ALERTS` only of those.

    A rule that reads what it records itself comes twice, for the first time it finds nothing of that.

    Raises:
        SourceError: Rules need each other in a ring.
    """
    waiting, found = [(each.path, rule) for each in files for rule in each.rules], list[list[Mapping[str, Any]]]()
    while waiting:
        unmade = {made for _, rule in waiting for made in _makes(rule)}
        now = [rule for _, rule in waiting if not _needs(rule) & unmade]
        if not now:
            path, rule = waiting[0]
            name = rule.get("record") or rule.get("alert")
            raise SourceError(str(path), f"{name} needs what needs it: {', '.join(sorted(_needs(rule) & unmade))}")
        found += [now, again] if (again := [rule for rule in now if _needs(rule) != _reads(rule)]) else [now]
        waiting = [(path, rule) for path, rule in waiting if _needs(rule) & unmade]
    return found


def staged(rules: Sequence[Mapping[str, Any]], step_seconds: float) -> str:
    """Write the rules of a stage as a file for a replay; texts for people stay out."""
    import yaml

    kept = [
        {key: value for key, value in rule.items() if key not in {"annotations", "keep_firing_for"}} for rule in rules
    ]
    group = {"name": "replay", "interval": f"{step_seconds:g}s", "rules": kept}
    return str(yaml.safe_dump({"groups": [group]}, sort_keys=False))


def _rules(path: Path) -> list[Mapping[str, Any]]:
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(str(path), f"cannot be read: {error}") from error
    except RecursionError as error:
        raise SourceError(str(path), "is not YAML: it is nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SourceError(str(path), f"is not YAML: {error}") from error
    groups = found.get("groups") if isinstance(found, dict) else None
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise SourceError(str(path), "is no rule file: it has no 'groups'")
    return [rule for number, group in enumerate(groups) for rule in _of_group(path, f"#/groups/{number}/rules", group)]


def _of_group(path: Path, place: str, group: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if group.get("type", "prometheus") != "prometheus":
        return []
    rules = group.get("rules")
    if not isinstance(rules, list):
        raise SourceError(str(path), f"{place}: must be an array of rules")
    for index, rule in enumerate(rules):
        if not isinstance(rule, dict) or "expr" not in rule or not {"alert", "record"} & rule.keys():
            raise SourceError(str(path), f"{place}/{index}: needs 'expr', and 'alert' or 'record'")
    return rules


def _makes(rule: Mapping[str, Any]) -> set[str]:
    """Give the series that a rule writes; an alert about alerts is none that others are about."""
    if "record" in rule:
        return {str(rule["record"])}
    return set() if _OF_ALERTS & _reads(rule) else set(_OF_ALERTS)


def _reads(rule: Mapping[str, Any]) -> set[str]:
    """Give every word of the expression: that some are functions or labels does no harm."""
    return set(_NAME.findall(str(rule["expr"])))


def _needs(rule: Mapping[str, Any]) -> set[str]:
    return _reads(rule) - {str(rule.get("record", ""))}
