"""Write the contracts of log events as a JSON Schema, by which any tool can check lines.

What the writer of lines adds of its own (time, ids, exceptions) is described by the schema that it is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from telemetry.contracts.attribute import AttributeContract, Requirement, ValueType
from telemetry.contracts.event import SEVERITIES, EventContract
from telemetry.contracts.registry import Registry

Schema = Mapping[str, Any]

_MARK: Final = "Made by `telemetry contracts docs`. Do not edit: change the registry."
_JSON_TYPES: Final[Mapping[ValueType, str]] = {
    "string": "string",
    "int": "integer",
    "double": "number",
    "boolean": "boolean",
}
_FAILURES: Final = SEVERITIES[SEVERITIES.index("error") :]


def render_log_schema(registry: Registry, line: Schema) -> str:
    """Write the JSON Schema (draft 2020-12) of the lines that keep the contracts.

    A line of an event must have the event's severity or worse and its fields, and no others. Lines that are of no
    event in the registry, such as those of the standard library, only have to have what all lines have.

    Args:
        registry: The events, and the fields that every line may have.
        line: The schema of what every line holds; fields of the registry narrow it.
    """
    known = sorted({*line["properties"], *registry.fields})
    schema = {
        "$schema": line["$schema"],
        "$comment": _MARK,
        **{key: value for key, value in line.items() if key not in ("$schema", "required", "properties")},
        "required": sorted({*line["required"], *_named(registry.fields.values(), "always")}),
        "properties": {name: _property(line["properties"].get(name, {}), registry.fields.get(name)) for name in known},
        "allOf": [*_conditional(registry.fields.values()), *map(_reference, sorted(registry.events))],
        "$defs": {name: _event(registry.events[name], known, line) for name in sorted(registry.events)},
    }
    return json.dumps({key: value for key, value in schema.items() if value}, indent=2, ensure_ascii=False) + "\n"


def _reference(event: str) -> Schema:
    condition = {"properties": {"event": {"const": event}}, "required": ["event"]}
    return {"if": condition, "then": {"$ref": f"#/$defs/{event}"}}


def _event(contract: EventContract, known: Sequence[str], line: Schema) -> Schema:
    own = contract.fields.values()
    severities = list(SEVERITIES[SEVERITIES.index(contract.severity) :])
    families = [f"{field.name.removesuffix('*')}" for field in own if field.is_family]
    patterns = [*line.get("patternProperties", ()), *(f"^{family.replace('.', '[.]')}" for family in families)]
    names = {*known, *(field.name for field in own if not field.is_family)}
    schema = {
        "description": contract.description,
        "required": sorted(_named(own, "always")),
        "properties": {
            "severity": {"enum": severities},
            **{field.name: _field(field) for field in sorted(own, key=lambda each: each.name) if not field.is_family},
        },
        "propertyNames": {"anyOf": [{"enum": sorted(names)}, *({"pattern": each} for each in patterns)]},
        "allOf": list(_conditional(own)),
    }
    return {key: value for key, value in schema.items() if value}


def _conditional(fields: Iterable[AttributeContract]) -> Iterator[Schema]:
    """Say what must be there on failure only, or on success only."""
    table = list(fields)
    failure, success = sorted(_named(table, "on_failure")), sorted(_named(table, "on_success"))
    if failure or success:
        branches = {"then": {"required": failure}, "else": {"required": success}}
        condition = {"properties": {"severity": {"enum": list(_FAILURES)}}}
        yield {"if": condition, **{key: value for key, value in branches.items() if value["required"]}}


def _named(fields: Iterable[AttributeContract], required: Requirement) -> set[str]:
    return {field.name for field in fields if field.required == required and not field.is_family}


def _property(line: Schema, field: AttributeContract | None) -> Schema:
    """Join what all lines have with what the registry says of the same field."""
    return line if field is None else {**_field(field), **line, **_values(field)}


def _field(field: AttributeContract) -> Schema:
    """Describe the values of one field; those of a secret leave the process in other forms, so nothing is said."""
    if field.sensitivity == "secret":
        return {"description": field.description}
    return {"description": field.description, **_type(field.type), **_values(field)}


def _type(name: ValueType) -> Schema:
    if name == "any":
        return {}
    scalar = _JSON_TYPES.get(name)
    return {"type": scalar} if scalar else {"type": "array", "items": _type(_scalar(name))}


def _scalar(name: ValueType) -> ValueType:
    return next(scalar for scalar in _JSON_TYPES if name == f"{scalar}[]")


def _values(field: AttributeContract) -> Schema:
    if not field.values or field.sensitivity == "secret":
        return {}
    closed = {"enum": sorted(field.values)}
    return {"items": closed} if field.type == "string[]" else closed
