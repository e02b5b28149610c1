"""Make contracts of OpenTelemetry's semantic conventions.

Metrics get the names that Prometheus shows them under (OpenTelemetry, "Prometheus and OpenMetrics compatibility").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from telemetry.contracts.credentials import is_secret_name
from telemetry.contracts.form import ATTRIBUTE_NAME, DOTTED_NAME

from .draft import Draft

Group = Mapping[str, Any]

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "counter": ("counter", "sum"),
    "updowncounter": ("gauge", "sum"),
    "gauge": ("gauge", "last"),
    "histogram": ("histogram", "merge"),
}
_UNITS: Final[Mapping[str, str]] = {"s": "seconds", "ms": "milliseconds", "By": "bytes", "1": "ratio", "Hz": "hertz"}
_STABILITIES: Final[Mapping[str, str]] = {"stable": "stable", "beta": "beta", "release_candidate": "beta"}
_TYPES: Final = tuple(f"{scalar}{many}" for scalar in ("string", "int", "double", "boolean") for many in ("", "[]"))
_SECOND_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""What the HTTP conventions advise for durations."""
_SDK_BUCKETS: Final = (5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
"""OpenTelemetry SDK, "Explicit Bucket Histogram Aggregation": the default; without its 0."""


def draft_of_conventions(groups: Sequence[Group], *, name: str, owner: str) -> Draft:
    """Make a registry file of groups of semantic conventions.

    Attributes of attribute groups may then stand on every span. Requirement levels other than `required` leave an
    attribute optional; on a metric, `opt_in` leaves it out.

    Args:
        groups: The `groups` of one or more files.
        name: What to call the registry.
        owner: Who answers for its metrics.
    """
    draft = Draft({"name": name, "extends": [], "owners": [owner], "metrics": [], "attributes": [], "spans": []})
    conventions = _Conventions(groups, draft)
    for group in groups:
        conventions.carry(group, owner)
    return draft


class _Conventions:
    """All groups, by which references are resolved."""

    def __init__(self, groups: Sequence[Group], draft: Draft) -> None:
        self._draft = draft
        self._groups = {str(group.get("id", "")): group for group in groups}
        self._defined = {
            str(each["id"]): each for group in groups for each in group.get("attributes", ()) if "id" in each
        }

    def carry(self, group: Group, owner: str) -> None:
        """Carry one group over, or name it as lost."""
        kind, document = group.get("type"), self._draft.document
        if kind == "metric":
            document["metrics"] += self._metric(group, owner)
        elif kind == "span":
            document["spans"] += self._span(group)
        elif kind == "attribute_group":
            attributes = [each for each in group.get("attributes", ()) if "id" in each]
            document["attributes"] += [found for each in attributes for found in self._attribute(each, {})]
        else:
            self._lose(f"group {group.get('id')}", f"there is no contract for the type {kind!r}")

    def _lose(self, subject: str, problem: str) -> None:
        self._draft.lost.append(f"{subject}: {problem}")

    def _metric(self, group: Group, owner: str) -> Iterator[dict[str, Any]]:
        name, instrument = str(group.get("metric_name", "")), str(group.get("instrument", ""))
        if not name or instrument not in _KINDS:
            self._lose(f"metric {name or group.get('id')}", f"there is no kind for the instrument {instrument!r}")
            return
        kind, across = _KINDS[instrument]
        unit = str(group.get("unit", "1"))
        used = list(self._used(group, name))
        yield {
            "name": _prometheus_name(name, instrument, unit),
            "kind": kind,
            "unit": _unit(unit, instrument),
            "description": _sentence(group, name),
            "owner": owner,
            "labels": [_label(str(each["id"])) for each in used],
            **_values(used),
            **({"buckets": self._buckets(name, unit)} if kind == "histogram" else {}),
            "across": across,
            "stability": _stability(group),
        }

    def _used(self, group: Group, metric: str) -> Iterator[Group]:
        for each in self._attributes(group):
            if each.get("requirement_level") == "opt_in":
                self._lose(f"metric {metric}", f"its attribute {each['id']!r} is left out, being opt-in")
            else:
                yield each

    def _buckets(self, name: str, unit: str) -> list[float]:
        self._lose(f"metric {name}", "the conventions name no buckets; it has usual ones")
        return list(_SECOND_BUCKETS if unit == "s" else _SDK_BUCKETS)

    def _span(self, group: Group) -> Iterator[dict[str, Any]]:
        name = str(group.get("id", "")).removeprefix("span.")
        if not re.fullmatch(DOTTED_NAME.pattern, name):
            self._lose(f"span {name}", f"is not {DOTTED_NAME.words}")
            return
        yield {
            "name": name,
            "description": _sentence(group, name),
            "kind": group.get("span_kind") or "internal",
            "attributes": [found for each in self._attributes(group) for found in self._attribute(each, each)],
            "stability": _stability(group),
        }

    def _attributes(self, group: Group, seen: tuple[str, ...] = ()) -> Iterator[Group]:
        """Go through the attributes of a group, those that it takes from others included; its own say win."""
        table: dict[str, Group] = {}
        parent = self._groups.get(str(group.get("extends", "")))
        if parent is not None and str(group.get("extends")) not in seen:
            table = {str(each["id"]): each for each in self._attributes(parent, (*seen, str(group["extends"])))}
        for each in group.get("attributes", ()):
            key = str(each.get("id") or each.get("ref"))
            if "ref" in each and key not in self._defined:
                self._lose(f"group {group.get('id')}", f"refers to {key!r}, which is not among the groups")
            else:
                table[key] = {**self._defined.get(key, {}), **table.get(key, {}), **each, "id": key}
        yield from table.values()

    def _attribute(self, attribute: Group, use: Group) -> Iterator[dict[str, Any]]:
        name, kind = str(attribute["id"]), attribute.get("type")
        template = re.fullmatch(r"template\[.*\]", str(kind))
        values = [] if template else _members(attribute)
        plain = "string" if values else kind
        if not re.fullmatch(ATTRIBUTE_NAME.pattern, name) or not (template or plain in _TYPES):
            self._lose(f"attribute {name}", f"there is no type {_shown(kind)} here")
            return
        yield {
            "name": f"{name}.*" if template else name,
            **({} if template else {"type": plain}),
            "description": _sentence(attribute, name),
            **({} if template else _limits(name, values, use)),
            "stability": _stability(attribute),
            "origin": "OpenTelemetry",
        }


def _limits(name: str, values: list[str], use: Group) -> dict[str, Any]:
    """Say what values an attribute takes, and when it must be there; of what holds a secret, only that it does."""
    if is_secret_name(name):
        return {"class": "secret"}
    required = {"required": "always"} if use.get("requirement_level") == "required" else {}
    return {**required, **({"values": values} if values else {})}


def _members(attribute: Group) -> list[str]:
    """Give the values of an enumeration of strings; nothing for any other type."""
    kind = attribute.get("type")
    members = kind.get("members", ()) if isinstance(kind, Mapping) else ()
    values = [member.get("value") for member in members]
    return [str(value) for value in values] if all(isinstance(value, str) for value in values) else []


def _values(used: Sequence[Group]) -> dict[str, Any]:
    closed = {_label(str(each["id"])): values for each in used if (values := _members(each))}
    return {"values": closed} if closed else {}


def _shown(kind: object) -> str:
    return "of an enumeration of numbers" if isinstance(kind, Mapping) else repr(kind)


def _label(attribute: str) -> str:
    return re.sub("[^a-zA-Z0-9_]", "_", attribute)


def _unit(unit: str, instrument: str) -> str:
    """Give the plural of a unit of UCUM; an annotation such as `{request}` says what is counted."""
    counted = re.fullmatch(r"\{(.*)\}", unit)
    if counted:
        return counted[1] if counted[1].endswith("s") else f"{counted[1]}s"
    return "count" if unit == "1" and instrument != "gauge" else _UNITS.get(unit, unit)


def _prometheus_name(name: str, instrument: str, unit: str) -> str:
    plain = _label(name)
    ending = "" if unit == "1" and instrument != "gauge" else _UNITS.get(unit, "")
    if ending and not plain.endswith(f"_{ending}"):
        plain += f"_{ending}"
    return f"{plain.removesuffix('_total')}_total" if instrument == "counter" else plain


def _sentence(entry: Group, name: str) -> str:
    text = " ".join(str(entry.get("brief") or f"{name}, of which the conventions say nothing").split())
    return text if text.endswith(".") else f"{text}."


def _stability(entry: Group) -> str:
    return "deprecated" if entry.get("deprecated") else _STABILITIES.get(str(entry.get("stability")), "experimental")
