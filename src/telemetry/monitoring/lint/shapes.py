"""The shape of a rule file: what an engine would refuse before it reads an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .expressions import Keys
from .notes import Notes

_DURATION: Final = re.compile(
    r"0|(?=.)" + "".join(f"(?:[0-9]+{unit})?" for unit in ("y", "w", "d", "h", "m", "s", "ms"))
)
_TIMES: Final = ("for", "keep_firing_for")
_KINDS: Final = ("alert", "record")


def check_shape(content: Mapping[str, Any], notes: Notes) -> None:
    """Note groups and rules that are no objects, and what should be an array of rules."""
    for number, group in enumerate(content["groups"]):
        keys: Keys = ("groups", number)
        if not isinstance(group, dict):
            notes.add("TC102", keys, "a group must be an object", "give it 'name' and 'rules'")
            continue
        rules = group.get("rules")
        if rules is not None and not isinstance(rules, list):
            notes.add("TC102", (*keys, "rules"), "'rules' must be an array", "make it a list of rules")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            if not isinstance(rule, dict):
                notes.add("TC102", (*keys, "rules", index), "a rule must be an object", "give it a name and 'expr'")


def check_rule(rule: Mapping[str, Any], notes: Notes, keys: Keys) -> bool:
    """Note what is wrong with the keys of one rule, and tell whether nothing is."""
    before = len(notes.findings)
    kinds = [kind for kind in _KINDS if rule.get(kind) not in (None, "")]
    if len(kinds) != 1:
        notes.add(
            "TC102", keys, f"a rule has 'alert' or 'record', and this has {'both' if kinds else 'none'}", "name it"
        )
    for kind in kinds:
        if not _is_scalar(rule[kind]):
            notes.add("TC102", (*keys, kind), f"{kind!r} must be a name", "write it as text")
    if rule.get("expr") in (None, "") or not _is_scalar(rule["expr"]):
        notes.add("TC102", (*keys, "expr"), "'expr' must be an expression", "write PromQL")
    for key in _TIMES:
        held = rule.get(key)
        if held is not None and not (_is_scalar(held) and _DURATION.fullmatch(str(held))):
            notes.add("TC102", (*keys, key), f"{key!r} is {held!r}, which is no duration", "write one such as '10m'")
    return len(notes.findings) == before


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
