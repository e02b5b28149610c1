"""Read the package's source: its modules, and which of them imports what, wherever the import stands."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
PACKAGE = "telemetry"
FACADE = "__init__"


@dataclass(frozen=True, slots=True)
class Import:
    """One import of something of ours.

    Attributes:
        module: The absolute name of the module that the statement names.
        names: What is taken from it; empty for `import module`.
        line: Where it stands.
        relative: It is written with dots.
        deferred: It stands inside a function, so it runs when that is called.
    """

    module: str
    names: tuple[str, ...]
    line: int
    relative: bool = False
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """One source file of the package."""

    name: str
    path: str
    text: str
    is_package: bool = False

    @property
    def room(self) -> str:
        """The first part of the name below the package; `__init__` for the facade."""
        return room_of(self.name)

    @property
    def package(self) -> str:
        """The folder of modules that it belongs to, by its absolute name."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return _parse(self.text, self.path)

    def imports(self) -> Iterator[Import]:
        """Give each import of something of ours, at any depth: in functions, and under `TYPE_CHECKING` too."""
        yield from self._imports(self.tree, deferred=False)

    def _imports(self, parent: ast.AST, *, deferred: bool) -> Iterator[Import]:
        for node in ast.iter_child_nodes(parent):
            yield from (each for each in self._read(node, deferred) if room_of(each.module))
            inside = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from self._imports(node, deferred=inside)

    def _read(self, node: ast.AST, deferred: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, (), node.lineno, deferred=deferred) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(self._absolute(node), names, node.lineno, node.level > 0, deferred)
        elif isinstance(node, ast.Call) and (named := _imported_by(node)):
            yield Import(named, (), node.lineno, deferred=deferred)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return node.module or ""
        parts = self.name.split(".")
        kept = parts[: len(parts) - node.level + self.is_package]
        return ".".join([*kept, node.module] if node.module else kept)


def _imported_by(call: ast.Call) -> str | None:
    """Give the module that `import_module("telemetry.…")` names; None for any other call."""
    if ast.unparse(call.func).rpartition(".")[2] not in {"import_module", "__import__"}:
        return None
    match call.args:
        case [ast.Constant(value=str(name)), *_]:
            return name
    return None


def room_of(module: str) -> str:
    """Give the room of a module's absolute name; empty for a module that is not ours."""
    first, _, rest = module.partition(".")
    return "" if first != PACKAGE else rest.partition(".")[0] or FACADE


@cache
def _parse(text: str, path: str) -> ast.Module:
    return ast.parse(text, path)


@cache
def package() -> tuple[Module, ...]:
    """Read all modules of the package."""
    return tuple(_read(path) for path in sorted((SRC / PACKAGE).rglob("*.py")))


def _read(path: Path) -> Module:
    parts = list(path.relative_to(SRC).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, str(path.relative_to(ROOT)), path.read_text(), is_package)


def documented(node: ast.AST) -> bool:
    """Tell whether a module, class or function has a docstring."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) and bool(ast.get_docstring(node))


def exported(module: Module) -> tuple[str, ...] | None:
    """Give `__all__` of a module; None where it is absent, or no tuple of literals."""
    for node in module.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id == "__all__" and isinstance(value, ast.Tuple):
            return tuple(ast.literal_eval(value))
    return None


def shown(found: Iterable[str]) -> str:
    """Put findings below each other, for the message of an assertion."""
    return "\n" + "\n".join(found)
