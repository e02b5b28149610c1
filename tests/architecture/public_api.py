"""List each public name with its signature, so that a change of the interface shows in review.

`python tests/architecture/public_api.py --write` writes the list anew; without `--write` it prints it.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = ("telemetry", "telemetry.pipeline", "telemetry.testing")
LIST = Path(__file__).with_name("public_api.txt")
COMMAND = "python tests/architecture/public_api.py --write"
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class _Bare(str):
    """An annotation that was written as text, and is shown as it was written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def render() -> str:
    """List the names of all public modules."""
    return "\n".join(line for name in MODULES for line in module(importlib.import_module(name)))


def module(of: ModuleType) -> Iterator[str]:
    """List the names that a module hands out."""
    yield f"# {of.__name__}"
    for name in sorted(_handed_out(of)):
        yield from _named(name, getattr(of, name))
    yield ""


def _handed_out(of: ModuleType) -> Iterable[str]:
    """Give the names of `__all__`; where a module has none, what it defines under a public name."""
    own = (name for name, value in vars(of).items() if getattr(value, "__module__", "") == of.__name__)
    listed: Iterable[str] = getattr(of, "__all__", None) or (name for name in own if not name.startswith("_"))
    return listed


def _named(name: str, value: object) -> Iterator[str]:
    if isinstance(value, ModuleType):
        yield f"module {name}"
    elif isinstance(value, type):
        yield from _class(name, value)
    elif callable(value):
        yield from _callable(name, value)
    else:
        yield f"{name}: {type(value).__name__}"


def _class(name: str, of: type) -> Iterator[str]:
    bases = [base.__name__ for base in of.__bases__ if base is not object]
    yield f"class {name}{_signature(of).removesuffix(' -> None')}" + (f" <- {', '.join(bases)}" if bases else "")
    members = {
        member: value
        for owner in reversed(of.__mro__)
        if owner.__module__.partition(".")[0] == "telemetry"
        for member, value in vars(owner).items()
        if not member.startswith("_") or member in {"__enter__", "__aenter__", "__call__"}
    }
    for member in sorted(members):
        yield from (f"    {line}" for line in _member(member, members[member]))


def _member(name: str, value: object) -> Iterator[str]:
    if isinstance(value, property):
        yield f"property {name}{_result(value.fget)}"
    elif isinstance(value, classmethod | staticmethod):
        yield from (f"{type(value).__name__} {line}" for line in _callable(name, value.__func__))
    elif callable(value):
        yield from _callable(name, value)
    else:
        yield f"{name}"


def _callable(name: str, value: Callable[..., object]) -> Iterator[str]:
    kind = "async def" if inspect.iscoroutinefunction(value) else "def"
    forms = typing.get_overloads(value) if inspect.isfunction(value) else []
    yield from (f"{kind} {name}{_signature(form)}" for form in forms or [value])


def _result(getter: Callable[..., object] | None) -> str:
    return _signature(getter).partition(")")[2].replace(" ->", ":", 1) if getter else ""


def _signature(of: Callable[..., Any]) -> str:
    try:
        signature = inspect.signature(of)
    except (TypeError, ValueError):
        return "(…)"
    parameters = [each.replace(annotation=_bare(each.annotation)) for each in signature.parameters.values()]
    shown = signature.replace(parameters=parameters, return_annotation=_bare(signature.return_annotation))
    return ADDRESS.sub("", str(shown))


def _bare(annotation: object) -> object:
    return _Bare(annotation) if isinstance(annotation, str) else annotation


def main(arguments: list[str]) -> None:
    """Write the list to its file, or print it."""
    text = render()
    if arguments == ["--write"]:
        LIST.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
