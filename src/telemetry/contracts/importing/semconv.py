"""Make contracts of OpenTelemetry's semantic conventions.

Metrics get the names that Prometheus shows them under (OpenTelemetry, "Prometheus and OpenMetrics compatibility").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from telemetry.contracts.credentials import is_secret_name
from telemetry.contracts.form import ATTRIBUTE_NAME, DOTTED_NAME, WORD, Form
from telemetry.contracts.unit import unit_word

from .definition import Group
from .draft import Draft
from .resolution import Resolution

_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "counter": ("counter", "sum"),
    "updowncounter": ("gauge", "sum"),
    "gauge": ("gauge", "last"),
    "histogram": ("histogram", "merge"),
}
_STABILITIES: Final[Mapping[str, str]] = {"stable": "stable", "beta": "beta", "release_candidate": "beta"}
_TYPES: Final = tuple(f"{scalar}{many}" for scalar in ("string", "int", "double", "boolean") for many in ("", "[]"))
_SECOND_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""What the HTTP conventions advise for durations."""
_SDK_BUCKETS: Final = (5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
"""OpenTelemetry SDK, "Explicit Bucket Histogram Aggregation": the default; without its 0."""


def draft_of_conventions(groups: Sequence[Group], *, name: str, owner: str) -> Draft:
    """Make a registry file of groups of semantic conventions.

    Attributes of attribute groups may then stand on every span. Requirement levels other than `required` leave an
    attribute optional; on a metric, `opt_in` leaves it out. The attributes of an event become fields, with `_` for `.`.

    Args:
        groups: The groups of one or more files.
        name: What to call the registry.
        owner: Who answers for its metrics.
    """
    tables: dict[str, list[Any]] = {"metrics": [], "attributes": [], "spans": [], "events": []}
    draft = Draft({"name": name, "extends": [], "owners": [owner], **tables})
    conventions = _Conventions(groups, draft, owner)
    for group in groups:
        conventions.carry(group)
    return draft


class _Conventions:
    """Makes contracts of groups; what cannot be carried over is named as lost."""

    def __init__(self, groups: Sequence[Group], draft: Draft, owner: str) -> None:
        self._draft = draft
        self._owner = owner
        self._resolution = Resolution(groups, self._lose)
        self._carried: set[tuple[str, str]] = set()
        self._renames = {
            str(group.get("metric_name")): _series_name(group)
            for group in groups
            if group.get("type") == "metric" and group.get("instrument") in _KINDS
        }

    def carry(self, group: Group) -> None:
        """Carry one group over, or name it as lost."""
        kind = group.get("type", "span")
        if kind == "metric":
            self._add("metrics", self._metric(group))
        elif kind == "span":
            self._add("spans", self._span(group))
        elif kind == "event":
            self._add("events", self._event(group))
        elif kind == "attribute_group":
            for each in group.get("attributes") or ():
                if "id" in each:
                    self._add("attributes", self._attribute(each, {}))
        else:
            self._lose(f"group {group.get('id')}", f"there is no contract for the type {kind!r}")

    def _add(self, key: str, made: Iterator[dict[str, Any]]) -> None:
        for contract in made:
            if (key, contract["name"]) in self._carried:
                self._lose(f"{key.removesuffix('s')} {contract['name']}", "is there twice; the first is taken")
            else:
                self._carried.add((key, contract["name"]))
                self._draft.document[key].append(contract)

    def _lose(self, subject: str, problem: str) -> None:
        if (line := f"{subject}: {problem}") not in self._draft.lost:
            self._draft.lost.append(line)

    def _metric(self, group: Group) -> Iterator[dict[str, Any]]:
        name, instrument = str(group.get("metric_name", "")), str(group.get("instrument", ""))
        if not name or instrument not in _KINDS:
            self._lose(f"metric {name or group.get('id')}", f"there is no kind for the instrument {instrument!r}")
            return
        kind, across = _KINDS[instrument]
        unit = str(group.get("unit", "1"))
        used = list(self._used(group, name))
        yield {
            "name": _series_name(group),
            "kind": kind,
            "unit": _unit(unit, instrument),
            "description": _sentence(group, name),
            "owner": self._owner,
            "labels": [_label(str(each["id"])) for each in used],
            **_values(used),
            **({"buckets": self._buckets(name, unit)} if kind == "histogram" else {}),
            "across": across,
            "stability": _stability(group),
            **self._successor(group, name),
        }

    def _successor(self, group: Group, name: str) -> dict[str, str]:
        """Name the metric that a deprecated one was renamed to, where that is carried over too."""
        deprecated = group.get("deprecated")
        renamed = deprecated.get("renamed_to") if isinstance(deprecated, Mapping) else None
        successor = self._renames.get(str(renamed))
        return {"replaced_by": successor} if successor and successor != self._renames[name] else {}

    def _used(self, group: Group, metric: str) -> Iterator[Group]:
        labels: set[str] = set()
        for each in self._resolution.attributes(group):
            label = _label(str(each["id"]))
            if each.get("requirement_level") == "opt_in":
                self._lose(f"metric {metric}", f"its attribute {each['id']!r} is left out, being opt-in")
            elif label in labels:
                self._lose(f"metric {metric}", f"its attribute {each['id']!r} would be the label {label!r} once more")
            else:
                labels.add(label)
                yield each

    def _buckets(self, name: str, unit: str) -> list[float]:
        self._lose(f"metric {name}", "the conventions name no buckets; it has usual ones")
        return list(_SECOND_BUCKETS if unit == "s" else _SDK_BUCKETS)

    def _span(self, group: Group) -> Iterator[dict[str, Any]]:
        name = str(group.get("id", "")).removeprefix("span.")
        if not re.fullmatch(DOTTED_NAME.pattern, name):
            self._lose(f"span {name}", f"is not {DOTTED_NAME.words}")
            return
        used = self._resolution.attributes(group)
        yield {
            "name": name,
            "description": _sentence(group, name),
            "kind": self._resolution.inherited(group, "span_kind") or "internal",
            "attributes": [found for each in used for found in self._attribute(each, each)],
            "stability": _stability(group),
        }

    def _event(self, group: Group) -> Iterator[dict[str, Any]]:
        name = str(group.get("name") or str(group.get("id", "")).removeprefix("event."))
        if not re.fullmatch(DOTTED_NAME.pattern, name):
            self._lose(f"event {name}", f"is not {DOTTED_NAME.words}")
            return
        if group.get("body"):
            self._lose(f"event {name}", "its body is left out; a line has fields")
        fields: dict[str, dict[str, Any]] = {}
        for each in self._resolution.attributes(group):
            own = {**each, "id": _label(str(each["id"]))}
            fields |= {found["name"]: found for found in self._attribute(own, own, form=WORD)}
        yield {
            "name": name,
            "description": _sentence(group, name),
            "fields": list(fields.values()),
            "stability": _stability(group),
        }

    def _attribute(self, attribute: Group, use: Group, form: Form = ATTRIBUTE_NAME) -> Iterator[dict[str, Any]]:
        name, kind = str(attribute["id"]), attribute.get("type")
        template = re.fullmatch(r"template\[.*\]", str(kind))
        values = [] if template else _members(attribute)
        plain = _plain_type(kind)
        full = f"{name}.*" if template else name
        if not re.fullmatch(form.pattern, full):
            self._lose(f"attribute {full}", f"is not {form.words}")
        elif not (template or plain in _TYPES):
            self._lose(f"attribute {name}", f"there is no type {_shown(kind)} here")
        else:
            yield {
                "name": full,
                **({} if template else {"type": plain}),
                "description": _sentence(attribute, name),
                **({} if template else _limits(name, values, use)),
                "stability": _stability(attribute),
                "origin": "OpenTelemetry",
            }


def _plain_type(kind: object) -> object:
    """Give the type of the values of an enumeration, and any other type as it is."""
    members = kind.get("members") if isinstance(kind, Mapping) else None
    if not members:
        return kind
    types = {type(member.get("value")) for member in members}
    return {str: "string", int: "int", bool: "boolean"}.get(types.pop()) if len(types) == 1 else kind


def _limits(name: str, values: list[str], use: Group) -> dict[str, Any]:
    """Say what values an attribute takes, and when it must be there; of what holds a secret, only that it does."""
    if is_secret_name(name):
        return {"class": "secret"}
    required = {"required": "always"} if use.get("requirement_level") == "required" else {}
    return {**required, **({"values": values} if values else {})}


def _members(attribute: Group) -> list[str]:
    """Give the values of an enumeration of strings; nothing for any other type, or where one stands for the rest."""
    kind = attribute.get("type")
    members = (kind.get("members") if isinstance(kind, Mapping) else None) or ()
    values = [member.get("value") for member in members]
    is_closed = len(values) > 1 and all(isinstance(value, str) for value in values)
    return list(dict.fromkeys(map(str, values))) if is_closed else []


def _values(used: Sequence[Group]) -> dict[str, Any]:
    closed = {_label(str(each["id"])): values for each in used if (values := _members(each))}
    return {"values": closed} if closed else {}


def _shown(kind: object) -> str:
    return "of an enumeration of several types" if isinstance(kind, Mapping) else repr(kind)


def _label(attribute: str) -> str:
    return re.sub("[^a-zA-Z0-9_]", "_", attribute)


def _unit(unit: str, instrument: str) -> str:
    """Give the plural of a unit of UCUM; an annotation such as `{request}` says what is counted."""
    counted = re.fullmatch(r"\{(.*)\}", unit)
    if counted:
        return counted[1] if counted[1].endswith("s") else f"{counted[1]}s"
    return "count" if unit == "1" and instrument != "gauge" else unit_word(unit)


def _series_name(group: Group) -> str:
    """Give the name that queries use: with the unit spelled out, and `_total` for a counter."""
    instrument, unit = str(group.get("instrument", "")), str(group.get("unit", "1"))
    plain = _label(str(group.get("metric_name", ""))).removesuffix("_total" if instrument == "counter" else "\0")
    ending = "" if unit == "1" and instrument != "gauge" else unit_word(unit)
    if ending and not plain.endswith(f"_{ending}"):
        plain += f"_{ending}"
    return f"{plain}_total" if instrument == "counter" else plain


def _sentence(entry: Group, name: str) -> str:
    """Give what the conventions say in short, as the sentence that a description is."""
    text = " ".join(str(entry.get("brief") or f"Of {name} the conventions say nothing").split())
    if " " not in text:
        text = f"{text.rstrip('.')} ({name})"
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _stability(entry: Group) -> str:
    return "deprecated" if entry.get("deprecated") else _STABILITIES.get(str(entry.get("stability")), "experimental")
