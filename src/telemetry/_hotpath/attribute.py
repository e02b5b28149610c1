"""An attribute of the spans of one site: what each of its values becomes on the wire."""

from __future__ import annotations

from .protobuf import ATTRIBUTE, attribute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Admit = Callable[[str, Any], Any]

KNOWN_LIMIT = 1024
_TEXT_LIMIT = 256


class Attribute:
    """Admits values by the contract, once for each: a value that was seen before costs one look into a table.

    Attributes:
        name: The attribute's name.
        admit: Called with name and value; gives what may leave the process, or None for nothing, which it counts.
    """

    __slots__ = ("_known", "admit", "name")

    def __init__(self, name: str, admit: Admit) -> None:
        self.name = name
        self.admit = admit
        self._known: dict[Any, bytes] = {}

    def field(self, value: Any) -> bytes:
        """Give the attribute with this value as a field of a span; nothing where it is refused, or None."""
        kind = type(value)
        if kind is str:
            found = self._known.get(value)
        elif kind is int or kind is bool:
            found = self._known.get((kind, value))  # 1 and True are one key
        else:
            return self._write(value)  # as keys, (1,) and (True,) are one, and so are 0.0 and -0.0
        return self._remember(kind, value) if found is None else found

    def _remember(self, kind: type, value: Any) -> bytes:
        written = self._write(value)
        # What is refused is not remembered, so that each refusal is counted.
        if 0 < len(written) <= _TEXT_LIMIT:
            if len(self._known) >= KNOWN_LIMIT:
                self._known.clear()
            self._known[value if kind is str else (kind, value)] = written
        return written

    def _write(self, value: Any) -> bytes:
        if value is None:
            return b""
        admitted = self.admit(self.name, value)
        return b"" if admitted is None else attribute(ATTRIBUTE, self.name, admitted)
