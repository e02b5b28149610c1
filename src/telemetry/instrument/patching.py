"""Patches targets when their modules are imported, by wrapt's hooks; nothing raises into an import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from inspect import getattr_static
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final, final

from wrapt import register_post_import_hook

from .forms import decorate
from .targets import PROGRAM, Target, is_glob
from .wrapper import Wrapper

Count = Callable[[str, str], None]

_FUNCTIONS: Final = (FunctionType, BuiltinFunctionType, staticmethod, classmethod, Wrapper)


@final
class Patches:
    """The targets of one process.

    Args:
        targets: The first one that takes a function has it.
        count: Called with a reason and a detail for what cannot be done.
        before: Called before a function is decorated.
        tell: Called with each target for which a function was found, once.
    """

    __slots__ = ("_before", "_count", "_found", "_hooked", "_seen", "_targets", "_tell")

    def __init__(
        self, targets: Sequence[Target], count: Count, before: Callable[[], object], tell: Callable[[str], object]
    ) -> None:
        self._targets = [target for target in targets if target.text != PROGRAM]
        self._count = count
        self._before = before
        self._tell = tell
        self._found: set[str] = set()
        self._seen: set[str] = set()
        self._hooked: set[str] = set()

    def install(self) -> None:
        """Patch what is imported already, and all else as soon as it is."""
        for target in self._targets:
            if not is_glob(target.module):
                self._hook(target.module)
        # wrapt's finder must stand before ours is asked about the first module.
        register_post_import_hook(lambda _: None, __name__)
        if any(is_glob(target.module) for target in self._targets):
            sys.meta_path.insert(0, self)
            for name in [*sys.modules]:
                self.find_spec(name)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Leave each import to others; one that a glob takes gets a hook first (`importlib.abc.MetaPathFinder`)."""
        if any(is_glob(each.module) and each.takes_module(name) for each in self._targets):
            self._hook(name)

    def missing(self) -> list[tuple[Target, str]]:
        """Give the targets for which no function was found, and why."""
        lost = [target for target in self._targets if target.text not in self._found]
        return [(target, self._reason(target)) for target in lost]

    def was_imported(self, target: Target) -> bool:
        """Tell whether a module was imported that the target may be in."""
        return any(target.takes_module(name) for name in self._seen)

    def _reason(self, target: Target) -> str:
        if self.was_imported(target):
            return f"{target.module} was imported and has no such function; correct the name"
        spec = getattr(sys.modules.get("__main__"), "__spec__", None)
        ran = getattr(spec, "name", "")
        if ran and target.takes_module(ran):
            return f"{ran} ran as the program itself, so nothing imported it; move the function to a module of its own"
        return f"{target.module} was never imported; correct the name, or leave the target out"

    def _hook(self, name: str) -> None:
        if name not in self._hooked:
            self._hooked.add(name)
            register_post_import_hook(self._patch, name)

    def _patch(self, module: ModuleType) -> None:
        self._seen.add(module.__name__)
        taken: set[tuple[int, str]] = set()
        for target in self._targets:
            if not target.takes_module(module.__name__):
                continue
            for owner, name, value in find(module, target.path, module.__name__):
                if target.text not in self._found:
                    self._found.add(target.text)
                    self._tell(target.text)
                if (id(owner), name) not in taken:
                    taken.add((id(owner), name))
                    self._replace(target, owner, name, value)

    def _replace(self, target: Target, owner: Any, name: str, value: Any) -> None:
        try:
            self._before()
            setattr(owner, name, decorate(value, lambda before, method: target.declare(method or name, before)))
        except Exception as error:  # noqa: BLE001 -- an import that worked must go on to work
            where = f"{getattr(owner, '__qualname__', owner.__name__)}.{name}"
            self._count("target_refused", f"target {target.text!r}: {where}: {error}")


def find(owner: Any, path: Sequence[str], module: str) -> Iterator[tuple[Any, str, Any]]:
    """Find what a path leads to: the owner, the name, and what is there, as it lies in the owner's namespace.

    A glob takes public functions, and classes on the way to them, that the module itself defines; a name takes
    anything.
    """
    part, *rest = path
    for name in _names(owner, part, module, is_last=not rest):
        value = getattr_static(owner, name)
        if not rest:
            yield owner, name, value
        elif isinstance(value, type):
            yield from find(value, rest, module)


def _names(owner: Any, part: str, module: str, *, is_last: bool) -> list[str]:
    if not is_glob(part):
        try:
            getattr_static(owner, part)
        except AttributeError:
            return []
        return [part]
    kinds: Any = _FUNCTIONS if is_last else type
    return [
        name
        for name, value in vars(owner).items()
        if fnmatchcase(name, part)
        and (not name.startswith("_") or part.startswith("_"))
        and isinstance(value, kinds)
        and (isinstance(owner, type) or getattr(value, "__module__", None) == module)
    ]
