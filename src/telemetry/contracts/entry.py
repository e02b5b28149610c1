"""A JSON or TOML object as it is read: each question notes what is wrong, and reading goes on.

The keys that were asked for are the keys that may be there. It knows JSON, and nothing of contracts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Self, TypeVar, final

from telemetry.errors import RegistryError

from .form import Form
from .spelling import suggestion

_Choice = TypeVar("_Choice", bound=str)
_ABSENT = object()
_GREATEST = sys.float_info.max
_TYPE_NAMES: Mapping[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    type(None): "null",
}


@final
class Members(dict[str, object]):
    """The members of one JSON object, and the keys that it had more than once."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: Sequence[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.repeated: tuple[str, ...] = ()
        if len(self) < len(pairs):
            keys = [key for key, _ in pairs]
            self.repeated = tuple(key for key in self if keys.count(key) > 1)


@final
class Place:
    """A point of a file, and the list that takes what is wrong there.

    >>> (Place("a.json", []) / "metrics" / 0).pointer
    '/metrics/0'
    """

    __slots__ = ("_keys", "findings", "path")

    def __init__(self, path: str, findings: list[RegistryError], keys: tuple[str | int, ...] = ()) -> None:
        self.path = path
        self.findings = findings
        self._keys = keys

    def __truediv__(self, key: str | int) -> Place:
        return Place(self.path, self.findings, (*self._keys, key))

    @property
    def pointer(self) -> str:
        """The point as a JSON pointer (RFC 6901); empty for the whole file."""
        return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in self._keys)

    def report(self, problem: str, code: str = "TC102") -> None:
        """Note what is wrong here, and under which code."""
        self.findings.append(RegistryError(self.path, self.pointer, problem, code))


@final
class Entry:
    """One JSON object of a registry file.

    Leave its `with` block when all has been asked for: keys that nobody asked for are reported then. What is missing
    or wrong is reported too, and answered with a stand-in of the right type.
    """

    __slots__ = ("_asked", "_findings_before", "_members", "is_object", "place")

    def __init__(self, value: object, place: Place) -> None:
        self.place = place
        self._asked: list[str] = []
        self._findings_before = len(place.findings)
        self.is_object = isinstance(value, Members)
        self._members = value if isinstance(value, Members) else Members(())
        if not self.is_object:
            place.report(f"must be an object; it is {_type_name(value)}")
        for key in self._members.repeated:
            (place / key).report("this key stands here more than once; keep one", "TC103")

    def __enter__(self) -> Self:
        self._findings_before = len(self.place.findings)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for key in self._members if kind is None else ():
            if key not in self._asked:
                known = suggestion(key, self._asked) or f"; known are {', '.join(self._asked)}"
                (self.place / key).report(f"unknown key{known}")

    @property
    def is_sound(self) -> bool:
        """Whether nothing has been found wrong since its block was entered."""
        return len(self.place.findings) == self._findings_before

    def text(self, key: str, default: str | None = None, form: Form | None = None) -> str:
        """Ask for a string that is not empty; without a default it has to be there."""
        value = self._take(key, required=default is None)
        if value is _ABSENT:
            return default or ""
        return _text(value, self.place / key, form)

    def texts(self, key: str, *, form: Form | None = None, required: bool = False, least: int = 0) -> tuple[str, ...]:
        """Ask for an array of different strings."""
        items = self._items(key, required=required, least=least)
        found = tuple(_text(item, self.place / key / index, form) for index, item in enumerate(items))
        for index, item in enumerate(found):
            if item in found[:index]:
                (self.place / key / index).report(f"{item!r} stands in this array twice; keep one", "TC103")
        return found

    def choice(self, key: str, options: Sequence[_Choice], default: _Choice | None = None) -> _Choice:
        """Ask for one of some strings; without a default it has to be there."""
        value = self._take(key, required=default is None)
        if value is _ABSENT:
            return options[0] if default is None else default
        for option in options:
            if value == option:
                return option
        hint = suggestion(value, options) if isinstance(value, str) else ""
        (self.place / key).report(f"must be one of {', '.join(options)}; it is {_shown(value)}{hint}")
        return options[0]

    def numbers(
        self, key: str, *, required: bool = False, least: int = 0, low: float = -inf, high: float = inf
    ) -> tuple[float, ...]:
        """Ask for an array of rising numbers within limits."""
        items = self._items(key, required=required, least=least)
        found = tuple(_number(item, self.place / key / index, low, high) for index, item in enumerate(items))
        for index in range(1, len(found)):
            if _is_number(items[index - 1]) and _is_number(items[index]) and not found[index - 1] < found[index]:
                problem = f"must be greater than {found[index - 1]:g} before it; it is {found[index]:g}"
                (self.place / key / index).report(problem, "TC106")
        return found

    def number(self, key: str, default: float | None = None) -> float:
        """Ask for a number; without a default it has to be there."""
        value = self._take(key, required=default is None)
        if value is _ABSENT and default is not None:
            return default
        return _number(value, self.place / key, -inf, inf)

    def count(self, key: str, default: int | None = None) -> int:
        """Ask for a whole number from 1; without a default it has to be there."""
        given = self._take(key, required=default is None)
        value = _number(default if given is _ABSENT and default else given, self.place / key, 1, inf)
        if value != int(value):
            (self.place / key).report(f"must be a whole number; it is {value:g}")
        return int(value)

    def flag(self, key: str) -> bool:
        """Read true or false; false where the key is absent."""
        value = self._take(key, required=False)
        if value is not _ABSENT and not isinstance(value, bool):
            (self.place / key).report("must be true or false")
        return value is True

    def has(self, key: str) -> bool:
        """Tell whether a key is there, without asking for it."""
        return key in self._members

    def has_object(self, key: str) -> bool:
        """Tell whether a key is there and holds an object, without asking for it."""
        return isinstance(self._members.get(key), Members)

    def forbid(self, key: str, problem: str) -> None:
        """Report a key that has no place here, for a reason that is better than `unknown`."""
        self._asked.append(key)
        if key in self._members:
            (self.place / key).report(problem)

    def entry(self, key: str) -> Entry:
        """Ask for an object; one that is absent is empty."""
        value = self._take(key, required=False)
        return Entry(Members(()) if value is _ABSENT else value, self.place / key)

    def entries(self, key: str) -> list[Entry]:
        """Ask for an array of objects; one that is absent is empty, and what is no object is left out."""
        items = [Entry(item, self.place / key / index) for index, item in enumerate(self._items(key))]
        return [item for item in items if item.is_object]

    def keys(self, form: Form) -> Iterator[str]:
        """Go through all keys of an object whose keys are names, each of this form."""
        for key in self._members:
            if re.fullmatch(form.pattern, key) is None:
                (self.place / key).report(f"{key!r} is not {form.words}")
            self._asked.append(key)
            yield key

    def table(self, key: str) -> Mapping[str, tuple[str, ...]]:
        """Ask for an object of strings, or of arrays of them; one that is absent is empty."""
        with self.entry(key) as inner:
            many = {name: isinstance(value, list) for name, value in inner._members.items()}
            return {name: inner.texts(name, least=1) if many[name] else (inner.text(name),) for name in many}

    def _take(self, key: str, *, required: bool) -> object:
        self._asked.append(key)
        value = self._members.get(key, _ABSENT)
        if value is _ABSENT and required:
            self.place.report(f"{key!r} is missing")
        return value

    def _items(self, key: str, *, required: bool = False, least: int = 0) -> list[object]:
        value = self._take(key, required=required)
        if value is _ABSENT:
            return []
        if not isinstance(value, list):
            (self.place / key).report(f"must be an array; it is {_type_name(value)}")
            return []
        if len(value) < least:
            (self.place / key).report(f"must have {least} or more members; it has {len(value)}")
        return value


def entry_of(value: object, path: str, findings: list[RegistryError]) -> Entry:
    """Make an entry of what another reader than JSON's gave: plain dicts, lists, texts and numbers."""
    return Entry(_as_members(value), Place(path, findings))


def _as_members(value: object) -> object:
    if isinstance(value, dict):
        return Members([(str(key), _as_members(each)) for key, each in value.items()])
    return [_as_members(each) for each in value] if isinstance(value, list) else value


def _text(value: object, place: Place, form: Form | None) -> str:
    if not isinstance(value, str):
        place.report(f"must be a string; it is {_type_name(value)}")
        return ""
    if not value:
        place.report("must not be empty")
    elif form is not None and re.fullmatch(form.pattern, value) is None:
        place.report(f"{value!r} is not {form.words}")
    return value


def _number(value: object, place: Place, low: float, high: float) -> float:
    if value is _ABSENT:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        place.report(f"must be a number; it is {_type_name(value)}")
        return 1.0
    if not _is_number(value):
        place.report("must be a finite number that a double can hold")
        return 1.0
    if not low <= value <= high:
        limits = f"{low:g} or more" if high == inf else f"{low:g} to {high:g}"
        place.report(f"must be {limits}; it is {value:g}")
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_GREATEST <= value <= _GREATEST


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else _type_name(value)


def _type_name(value: object) -> str:
    return _TYPE_NAMES.get(type(value), "an object")
