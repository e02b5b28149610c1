"""The page's modules as one script: a browser that opens a file loads no other beside it.

Each module in `page/` exports names and imports those of others; here they stand one behind the other, every one after
what it imports. So a name at the top of a module must be the only one of that name in all of them, and none is renamed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "\./([a-z]+\.js)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=const |let |class |function |async function )", re.MULTILINE)
_FIRST: Final = "app.js"


def page_file(name: str) -> str:
    """Read a file of the page."""
    return files(__package__).joinpath("page", name).read_text(encoding="utf-8")


def bundled(first: str = _FIRST) -> str:
    """Give a module and all that it needs as one script."""
    modules: dict[str, str] = {}
    _gather(first, modules, ())
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in _ordered(modules, first))


def _gather(name: str, modules: dict[str, str], around: tuple[str, ...]) -> None:
    if name in around:
        raise ValueError(f"{name} and {around[-1]} import each other")
    if name not in modules:
        modules[name] = page_file(name)
    for imported in _IMPORT.findall(modules[name]):
        _gather(imported, modules, (*around, name))


def _ordered(modules: Mapping[str, str], first: str) -> list[str]:
    found: dict[str, str] = {}

    def place(name: str) -> None:
        for imported in _IMPORT.findall(modules[name]):
            place(imported)
        found.setdefault(name, modules[name])

    place(first)
    return list(found.values())
