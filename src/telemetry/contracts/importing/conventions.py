"""Read files of semantic conventions, and say where one is none.

What they mean is for `semconv`; after this their lists are lists, and what is in these are mappings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from telemetry.contracts.spelling import suggestion
from telemetry.errors import ContractError

from .definition import DEFINITION, LISTS
from .yamltext import Section, read_yaml

_TYPES: Final = ("metric", "span", "event", "attribute_group", "entity", "resource", "metric_group", "scope")
"""What a group may be (Weaver, "Semantic Convention Definition Language"); the last are of older releases."""

_NAMES: Final = ("id", "key", "ref", "ref_group")
"""What an attribute may be called by: where it is defined, and where it is used."""


def read_conventions(text: str, path: str) -> Section:
    r"""Read one file of OpenTelemetry's semantic conventions: YAML, or JSON.

    It is empty where the file holds nothing.

    >>> read_conventions("groups:\n- id: metric.x\n  type: metrics\n", "x.yaml")
    Traceback (most recent call last):
    telemetry.errors.ContractError: x.yaml:2: 'metrics' is no type of a group; did you mean 'metric'?

    Args:
        text: What is in the file.
        path: What to call it in messages.

    Raises:
        ContractError: It cannot be read, or is no such file; with the file, and in YAML the line.
    """
    document = _json(text, path) if text.lstrip().startswith("{") else read_yaml(text, path)
    if document is None:
        return Section(path, {})
    if not isinstance(document, Section):
        _refuse(path, f"must be a mapping of 'groups' or of a {DEFINITION}2; it is {_shown(document)}")
    _check(document)
    return document


def _json(text: str, path: str) -> Any:
    try:
        return json.loads(text, object_hook=lambda members: Section(path, members))
    except RecursionError:
        _refuse(path, "is nested too deeply")
    except ValueError as error:
        _refuse(path, f"is not JSON: {error}")


def _check(document: Section) -> None:
    layout = document.get("file_format")
    if "groups" not in document and not str(layout).startswith(DEFINITION):
        _refuse(document.place, f"has no 'groups', as semantic conventions have, and no file_format: {DEFINITION}2")
    for group in _sections(document, "groups"):
        kind = group.get("type", "span")
        if kind not in _TYPES:
            hint = suggestion(str(kind), _TYPES) or f"; known are {', '.join(_TYPES)}"
            _refuse(group.place, f"{kind!r} is no type of a group{hint}")
        _check_attributes(group)
    imports = document.get("imports") or Section(document.place, {})
    if not isinstance(imports, Section) or not all(isinstance(each, list | None) for each in imports.values()):
        _refuse(document.place, f"'imports' must have lists of names; it is {_shown(imports)}")
    for key in LISTS if layout else ():
        for section in _sections(document, key):
            _check_attribute(section) if key == "attributes" else _check_attributes(section)


def _check_attributes(group: Section) -> None:
    for attribute in _sections(group, "attributes"):
        _check_attribute(attribute)


def _check_attribute(attribute: Section) -> None:
    if not any(attribute.get(name) for name in _NAMES):
        _refuse(attribute.place, f"an attribute has no name; add one of {', '.join(_NAMES)}")
    kind = attribute.get("type")
    if isinstance(kind, Section):
        for _ in _sections(kind, "members"):
            pass
    elif not isinstance(kind, str | None):
        _refuse(attribute.place, f"the type of an attribute is a name or has 'members'; it is {_shown(kind)}")


def _sections(section: Section, key: str) -> Iterator[Section]:
    """Go through a list of mappings; nothing where there is none."""
    members = section.get(key)
    if members is None:
        return
    if not isinstance(members, list):
        _refuse(section.place, f"{key!r} must be a list; it is {_shown(members)}")
    for member in members:
        if not isinstance(member, Section):
            _refuse(section.place, f"{key!r} has a member that is no mapping: {_shown(member)}")
        yield member


def _shown(value: object) -> str:
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else repr(value)[:60]


def _refuse(place: str, problem: str) -> NoReturn:
    raise ContractError(f"{place}: {problem}")
