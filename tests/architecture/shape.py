"""The rules of shape: each takes modules and gives a line of text for each breach."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from .source import FACADE, Module, documented, exported

FILE_LINES = 400
FUNCTION_LINES = 50
DOOR_LINES = 80
MAP_LINE = 100
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "core", "manager", "misc"}
# The twins are chosen where they are imported, so the door of the hot path holds a name of its own.
OWN_NAMES = {"_hotpath", FACADE}
# What a door takes from `telemetry.door` for what it hands out later.
DEFERRED = "_deferred"

Function = ast.FunctionDef | ast.AsyncFunctionDef

# What is read or written where, by dotted name, and the rooms that may.
RESERVED: dict[str, frozenset[str]] = {
    "os.environ": frozenset({"config"}),
    "os.environb": frozenset({"config"}),
    "os.getenv": frozenset({"config"}),
    "os.putenv": frozenset(),
    "os.unsetenv": frozenset(),
    "print": frozenset({"cli"}),
    "time.time": frozenset(),
}
TWIN_SWITCH = "TELEMETRY_PURE"


def long_files(modules: Iterable[Module]) -> list[str]:
    """Find files over the limit; a room's door has a lower one."""
    return [
        f"{each.path}: {lines} lines, at most {limit}"
        for each in modules
        if (lines := len(each.text.splitlines())) > (limit := DOOR_LINES if each.is_package else FILE_LINES)
    ]


def long_functions(modules: Iterable[Module]) -> list[str]:
    """Find functions over the limit, counted from `def` to the end without the docstring."""
    return [
        f"{module.path}:{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES}"
        for module in modules
        for node in _functions(module.tree)
        if (lines := _lines(node)) > FUNCTION_LINES
    ]


def _lines(node: Function) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if documented(node):
        text = node.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def vague_files(modules: Iterable[Module]) -> list[str]:
    """Find files whose name says nothing about what is in them."""
    return [each.path for each in modules if each.name.rpartition(".")[2].strip("_") in VAGUE]


def unmapped(modules: Iterable[Module]) -> list[str]:
    """Find modules whose docstring does not open with one sentence that a map of the package could quote."""
    found = []
    for each in modules:
        text = (ast.get_docstring(each.tree) or "").split("\n")
        if not text[0].endswith(".") or len(text[0]) > MAP_LINE or (len(text) > 1 and text[1]):
            found.append(f"{each.path}: opens with {text[0]!r}, not a sentence of at most {MAP_LINE} characters")
    return found


def undocumented(modules: Iterable[Module]) -> list[str]:
    """Find public classes, functions and methods without a docstring."""
    return [
        f"{module.path}:{node.lineno}: {node.name} has no docstring"
        for module in modules
        for node in _public(module.tree)
        if not documented(node)
    ]


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    for node in tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_") or _is_overload(node):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _public(node)


def _is_overload(node: Function | ast.ClassDef) -> bool:
    """Tell an overload, or a property's setter: their text stands at the first definition."""
    return any(ast.unparse(each).endswith(("overload", ".setter", ".deleter")) for each in node.decorator_list)


def reserved(modules: Iterable[Module]) -> list[str]:
    """Find uses of what only one room may use: the environment, the terminal, the clock that jumps."""
    return [
        f"{module.path}:{line}: uses {name}; only {', '.join(RESERVED[name]) or 'nobody'} may"
        for module in modules
        for line, name in _uses(module)
        if module.room not in RESERVED[name] and not _switches_twin(module, line)
    ]


def _switches_twin(module: Module, line: int) -> bool:
    return module.room == "_hotpath" and TWIN_SWITCH in module.text.splitlines()[line - 1]


def _uses(module: Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            yield from [(node.lineno, name)] if name in RESERVED else []
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in RESERVED:
            yield node.lineno, node.id
        elif isinstance(node, ast.ImportFrom):
            taken = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from ((node.lineno, name) for name in taken if name in RESERVED)


def doors(modules: Iterable[Module]) -> list[str]:
    """Find rooms whose `__init__` does more than to re-export what its sorted `__all__` says."""
    return [f"{each.path}: {breach}" for each in modules if each.is_package for breach in _door(each)]


def _door(module: Module) -> Iterator[str]:
    names = exported(module)
    if names is None:
        yield "has no `__all__` that is a tuple of literals"
        return
    if list(names) != sorted(names, key=_rank):
        yield f"`__all__` is not sorted; write {tuple(sorted(names, key=_rank))}"
    taken = {alias.asname or alias.name for node in _imports(module) for alias in node.names} - {"annotations"}
    imported = {name for name in taken if name != DEFERRED}
    own = module.room in OWN_NAMES
    if extra := sorted(imported - set(names)):
        yield f"imports {', '.join(extra)} and does not hand it out"
    if not own and (missing := sorted(set(names) - imported)):
        yield f"`__all__` has {', '.join(missing)}, which it does not import"
    if not own and (others := [node for node in module.tree.body if not _is_door_like(node)]):
        yield f"line {others[0].lineno}: a door holds imports and `__all__`, nothing else"


def _imports(module: Module) -> Iterator[ast.ImportFrom]:
    """Give what a door imports at once, and what it hands out when it is asked for."""
    for node in module.tree.body:
        parts = node.body if _is_deferral(node) and isinstance(node, ast.If) else [node]
        yield from (each for each in parts if isinstance(each, ast.ImportFrom))


def _is_door_like(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"__all__", "TYPE_CHECKING"}
    return isinstance(node, ast.ImportFrom) or named or _is_deferral(node)


def _is_deferral(node: ast.stmt) -> bool:
    """Tell whether it is `if TYPE_CHECKING:` imports, `else: __getattr__ = _deferred(...)`."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=[ast.Assign(value=ast.Call(func=maker))]):
            return all(isinstance(each, ast.ImportFrom) for each in body) and ast.unparse(maker) == DEFERRED
    return False


def _rank(name: str) -> tuple[int, list[tuple[int, str]]]:
    """Order as ruff's RUF022 does: constants, classes, the rest; within each naturally, so that `a2` precedes `a10`."""
    bare = name.lstrip("_")
    kind = 0 if len(bare) > 1 and bare.isupper() else 1 if bare[:1].isupper() else 2
    parts = re.findall(r"\d+|\D+", name)
    return kind, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
