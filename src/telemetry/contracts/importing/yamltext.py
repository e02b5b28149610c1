"""Read YAML by its events: mappings know their line, and nothing runs or grows without bounds.

Scalars mean what YAML 1.2 says (core schema): `on` and `2026-01-31` are strings. It needs PyYAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from telemetry.errors import ContractError

_DEPTH: Final = 50
_NODES: Final = 250_000
"""The most values of one file, each alias counted with all that it stands for."""

_CONSTANTS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_STRING: Final = "tag:yaml.org,2002:str"


class Section(dict[str, Any]):
    """A mapping of a file, and where it begins."""

    __slots__ = ("place",)

    def __init__(self, place: str, members: dict[str, Any]) -> None:
        super().__init__(members)
        self.place = place


def read_yaml(text: str, path: str) -> Any:
    """Read the one document of a file; None where it has none.

    Raises:
        ContractError: It is no YAML, or asks for more than mappings, lists and scalars; with the file and the line.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Reader(path, yaml.parse(text, Loader=loader)).document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        _refuse(path, line, f"is not YAML: {error.problem}{_hint(text, line)}")
    except yaml.reader.ReaderError as error:
        _refuse(path, text.count("\n", 0, error.position), f"is not YAML: {error.reason}")


def _hint(text: str, line: int) -> str:
    lines = text.splitlines()
    is_indented_by_tab = line < len(lines) and "\t" in re.match(r"\s*", lines[line])[0]  # type: ignore[index]
    return "; it is indented with a tab, use spaces" if is_indented_by_tab else ""


def _refuse(path: str, line: int, problem: str) -> NoReturn:
    raise ContractError(f"{path}:{line + 1}: {problem}") from None


class _Reader:
    """Makes values of events."""

    def __init__(self, path: str, events: Iterator[Any]) -> None:
        self._path = path
        self._events = events
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def document(self) -> Any:
        """Read the first document, and see that it is the last."""
        next(self._events)  # the start of the stream
        if type(next(self._events)).__name__ == "StreamEndEvent":
            return None
        value = self._value(next(self._events), 0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if type(after).__name__ != "StreamEndEvent":
            self._refuse(after, "has a second document; write one to a file")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event)
        self._count(event, 1)
        before = self._nodes
        if depth > _DEPTH:
            self._refuse(event, f"is nested more than {_DEPTH} levels deep; conventions need less than ten")
        if event.tag not in (None, "!", _STRING):
            self._refuse(event, f"has the tag {event.tag!r}, which nothing here makes; leave it out")
        if kind == "MappingStartEvent":
            value: Any = self._mapping(event, depth)
        elif kind == "SequenceStartEvent":
            value = list(self._members(depth))
        else:
            value = _scalar(event.value) if event.implicit[0] else event.value
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before + 1)
        return value

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            self._refuse(event, f"the alias {event.anchor!r} stands for nothing that is complete before it")
        value, nodes = self._anchors[event.anchor]
        self._count(event, nodes)
        return value

    def _members(self, depth: int) -> Iterator[Any]:
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                return
            yield self._value(event, depth + 1)

    def _mapping(self, start: Any, depth: int) -> Section:
        found: dict[str, Any] = {}
        for event in self._events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = getattr(event, "value", None)
            if not isinstance(key, str) or key == "<<":
                self._refuse(event, f"a key has to be a plain name here; it is {key or 'none'!r}")
            if key in found:
                self._refuse(event, f"the key {key!r} is there twice; keep one")
            found[key] = self._value(next(self._events), depth + 1)
        return Section(f"{self._path}:{start.start_mark.line + 1}", found)

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > _NODES:
            self._refuse(event, f"has more than {_NODES} values, those of aliases included; write several files")

    def _refuse(self, event: Any, problem: str) -> NoReturn:
        _refuse(self._path, event.start_mark.line, problem)


def _scalar(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
