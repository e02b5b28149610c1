"""A file of rules for Prometheus or vmalert, held against the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from telemetry.promql import PromQLError, read_expression, variables

from .expressions import RATES, Keys, Known, check_expression
from .notes import Notes
from .shapes import check_rule, check_shape

_SECONDS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_MACRO: Final = re.compile(r"\$\{?(__\w+)")
_DURATION: Final = re.compile(r"([0-9]+)(ms|[smhdwy])")


def recorded(content: Mapping[str, Any]) -> Mapping[str, frozenset[str] | None]:
    """Name what the rules of a file record; which labels it has follows from the engine."""
    return {str(rule["record"]): None for _, rule in _rules(content) if rule.get("record")}


def check_rules(content: Mapping[str, Any], known: Known, notes: Notes) -> None:
    """Note what is wrong with the rules of a file."""
    check_shape(content, notes)
    for keys, rule in _rules(content):
        is_well = check_rule(rule, notes, keys)
        text = rule.get("expr")
        if not isinstance(text, str):
            continue  # a number is an expression of its own
        check_expression(text, known, notes, (*keys, "expr"), is_recorded=bool(rule.get("record")))
        _check_variables(text, notes, (*keys, "expr"))
        if is_well and rule.get("alert") and rule.get("for"):
            _check_for(str(rule["alert"]), str(rule["for"]), text, notes, (*keys, "for"))


def _rules(content: Mapping[str, Any]) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    for number, group in enumerate(content["groups"]):
        rules = group.get("rules") if isinstance(group, dict) else None
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, dict):
                yield ("groups", number, "rules", index), rule


def _check_variables(text: str, notes: Notes, keys: Keys) -> None:
    """Note what Grafana alone would put in; groups of a regular expression are none of it."""
    found = {name for name in variables(text) if not name.isdecimal() and f"(?P<{name}>" not in text}
    for name in sorted(found | set(_MACRO.findall(text))):
        notes.add("TC714", keys, f"${name} is never put in: rules know no variables", "write the value")


def _check_for(name: str, hold: str, text: str, notes: Notes, keys: Keys) -> None:
    """Note a `for` that one blip outlasts: it fills the window of a rate for as long as that is."""
    try:
        selections = read_expression(text).selections
    except PromQLError:
        return
    window = max((each.window_seconds or 0 for each in selections if each.function in RATES), default=0)
    if _seconds(hold) < window:
        notes.add("TC715", keys, f"{name} waits {hold}, and its rate looks back over {window:g} s")


def _seconds(duration: str) -> float:
    return sum(int(count) * _SECONDS[unit] for count, unit in _DURATION.findall(duration))
