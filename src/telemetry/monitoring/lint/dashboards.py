"""A dashboard of Grafana held against the registry, and against what Grafana itself knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from telemetry.monitoring.sdk import load_sdk
from telemetry.promql import variables

from .expressions import Keys, Known, check_expression
from .notes import Notes

FILTERS: Final = ("environment", "env")
"""The labels of which one is on every metric; a dashboard that can choose one narrows every query by it."""

_WITHOUT_NUMBERS: Final = ("row", "text", "logs", "alertlist", "dashlist", "annolist", "news", "nodeGraph")
_BUILT_IN: Final = ("-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana")
_OF_GRAFANA: Final = re.compile(r"__\w+")
_LABEL_VALUES: Final = re.compile(r"\s*label_values\(\s*(?P<metric>[^{},\s]+)[^,]*,\s*(?P<label>\w+)\s*\)\s*")


def check_dashboard(content: Mapping[str, Any], known: Known, notes: Notes) -> None:
    """Note what is wrong with a dashboard."""
    _check_keys(content, notes)
    defined = {str(each.get("name")) for _, each in _list(content, "templating")}
    filters = [label for label in FILTERS if label in defined]
    if not content.get("uid"):
        notes.add("TC712", (), "the dashboard has no 'uid', so that its address changes", "give it one")
    _check_variables(content, known, notes)
    ids: dict[int, str] = {}
    for keys, panel in _panels(content.get("panels"), ("panels",)):
        _check_panel(panel, notes, keys, ids)
        for index, target in _objects(panel.get("targets")):
            if isinstance(target.get("expr"), str) and _is_promql(panel, target):
                check_expression(target["expr"], known, notes, (*keys, "targets", index, "expr"), filters=filters)
        _check_defined(panel, defined, notes, keys)
    for index, each in _list(content, "annotations"):
        if isinstance(each.get("expr"), str):
            where: Keys = ("annotations", "list", index, "expr")
            check_expression(each["expr"], known, notes, where, filters=filters)
            _check_defined(each, defined, notes, where[:-1])


def _objects(value: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Give the objects of an array with their places; of anything else, nothing."""
    for index, each in enumerate(value if isinstance(value, list) else ()):
        if isinstance(each, dict):
            yield index, each


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _list(content: Mapping[str, Any], key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return _objects(_member(content.get(key), "list"))


def _panels(panels: object, keys: Keys) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    """Give every panel with its place, those in collapsed rows too."""
    for index, panel in _objects(panels):
        yield (*keys, index), panel
        yield from _panels(panel.get("panels"), (*keys, index, "panels"))


def _is_promql(panel: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    source = target.get("datasource") or panel.get("datasource")
    kind = _member(source, "type") or "prometheus"
    return kind in ("prometheus", "victoriametrics-metrics-datasource")


def _check_panel(panel: Mapping[str, Any], notes: Notes, keys: Keys, ids: dict[int, str]) -> None:
    title, kind, number = str(panel.get("title") or ""), panel.get("type"), panel.get("id")
    if not title:
        notes.add("TC710", (*keys, "title"), "the panel has no title")
    if isinstance(number, int):
        if number in ids:
            notes.add("TC712", (*keys, "id"), f"id {number} is that of panel {ids[number]!r} too")
        ids.setdefault(number, title)
    else:
        notes.add("TC712", keys, f"panel {title!r} has no id, so that links to it break", "give it one")
    if kind == "row":
        return
    if not panel.get("description"):
        notes.add("TC710", keys, f"panel {title!r} has no description")
    if kind not in _WITHOUT_NUMBERS:
        _check_numbers(panel, title, notes, keys)


def _check_numbers(panel: Mapping[str, Any], title: str, notes: Notes, keys: Keys) -> None:
    if not _member(_member(panel.get("fieldConfig"), "defaults"), "unit"):
        notes.add("TC709", (*keys, "fieldConfig", "defaults"), f"panel {title!r} has no unit")
    source = panel.get("datasource")
    uid = source.get("uid") if isinstance(source, dict) else source
    if not isinstance(uid, str) or not (uid.startswith("$") or uid in _BUILT_IN):
        notes.add("TC713", (*keys, "datasource"), f"panel {title!r} reads {uid!r}, which others may not have")


def _check_defined(part: Mapping[str, Any], defined: set[str], notes: Notes, keys: Keys) -> None:
    own = {key: value for key, value in part.items() if key != "panels"}
    for name in sorted(variables(json.dumps(own)) - defined):
        if not _OF_GRAFANA.fullmatch(name) and not name.isdecimal():
            notes.add("TC714", keys, f"${name} is no variable of this dashboard")


def _check_variables(content: Mapping[str, Any], known: Known, notes: Notes) -> None:
    for index, each in _list(content, "templating"):
        query = each.get("query")
        match = _LABEL_VALUES.fullmatch(str(_member(query, "query") or query or ""))
        if match is None or each.get("type") != "query":
            continue
        keys: Keys = ("templating", "list", index, "query")
        check_expression(f"count by ({match['label']}) ({match['metric']})", known, notes, keys)


def _check_keys(content: Mapping[str, Any], notes: Notes) -> None:
    """Note keys that are lost when Grafana's own types read and write the dashboard."""
    load_sdk()
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard

    try:
        kept = json.loads(json.dumps(Dashboard.from_json(dict(content)), cls=JSONEncoder))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        notes.add("TC711", (), f"Grafana's types cannot read it: {type(error).__name__}: {error}")
        return
    for keys in _lost(content, kept, ()):
        notes.add("TC711", keys, f"Grafana does not know the key {keys[-1]!r}")


def _lost(given: Any, kept: Any, keys: Keys) -> Iterator[Keys]:
    if isinstance(given, dict):
        for key, value in given.items():
            if not isinstance(kept, dict) or key not in kept:
                yield from [(*keys, key)] if value is not None else []
            else:
                yield from _lost(value, kept[key], (*keys, key))
    elif isinstance(given, list) and isinstance(kept, list):
        for index, (one, two) in enumerate(zip(given, kept, strict=False)):
            yield from _lost(one, two, (*keys, index))
