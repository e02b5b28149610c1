"""The rules of imports: each takes modules and gives a line of text for each breach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from .floors import DEEP, WINGS, floor_of
from .source import FACADE, Import, Module, exported, room_of


def unplaced(modules: Iterable[Module]) -> list[str]:
    """Find modules whose room has no floor."""
    return [f"{each.path}: room {each.room!r} has no floor" for each in modules if floor_of(each.room) is None]


def upward(modules: Iterable[Module]) -> list[str]:
    """Find imports that do not run down: to a higher floor, or sideways to another room of the same one."""
    found = []
    for module, each in _borders(modules):
        here, there = floor_of(module.room), floor_of(room_of(each.module))
        if here is None or there is None or there >= here:
            found.append(f"{module.path}:{each.line}: floor {here} imports {each.module} on floor {there}")
    return found


def through_facade(modules: Iterable[Module]) -> list[str]:
    """Find imports of the facade from inside; `import telemetry.x` is one, because it binds the facade's name."""
    return [
        f"{module.path}:{each.line}: imports the facade"
        for module in modules
        for each in module.imports()
        if room_of(each.module) == FACADE or not each.names
    ]


def past_the_door(modules: Iterable[Module]) -> list[str]:
    """Find imports of a module inside another room, but for those that `DEEP` allows where they are deferred."""
    known = list(modules)
    doors = {each.name: set(exported(each) or ()) for each in known if each.is_package}
    names = {each.name for each in known}
    found = []
    for module, each in _borders(known):
        inner = [target for target in _targets(each, names) if _is_inner(target, each, doors)]
        found += [
            f"{module.path}:{each.line}: reaches into {target}; import it from telemetry.{room_of(target)}"
            for target in inner
            if not (each.deferred and target.startswith(DEEP.get(module.room, ("?",))))
        ]
    return found


def _is_inner(target: str, each: Import, doors: dict[str, set[str]]) -> bool:
    room, _, name = target.rpartition(".")
    handed_out = each.module == room and name in doors.get(room, ())
    return target.count(".") > 1 and not handed_out and not _is_part(target, each, doors)


def _is_part(target: str, each: Import, doors: dict[str, set[str]]) -> bool:
    """Tell whether an import goes through the door of a part of a wing, or to a part that is one module."""
    return (
        target == each.module
        and target.count(".") == 2
        and room_of(target) in WINGS
        and (target not in doors or doors[target] >= set(each.names))
    )


def misspelt(modules: Iterable[Module]) -> list[str]:
    """Find imports that are absolute inside a folder, or relative across rooms: the eye must see a border."""
    found = []
    for module in modules:
        for each in module.imports():
            same = room_of(each.module) == module.room
            if each.relative and not same and module.room != FACADE:
                found.append(f"{module.path}:{each.line}: leaves its room by a relative import")
            if same and not each.relative and f"{each.module}.".startswith(f"{module.package}."):
                found.append(f"{module.path}:{each.line}: names its own folder in full; write a relative import")
    return found


def rings(modules: Iterable[Module]) -> list[str]:
    """Find sets of modules that import each other in a ring, as `a -> b -> a`."""
    known = list(modules)
    names = {each.name for each in known}
    edges = {
        each.name: {target for one in each.imports() for target in _targets(one, names)} - {each.name} for each in known
    }
    return [" -> ".join(ring) for ring in _rings(edges)]


def _rings(edges: dict[str, set[str]]) -> Iterator[list[str]]:
    while True:
        try:
            TopologicalSorter(edges).prepare()
        except CycleError as error:
            ring: list[str] = error.args[1][::-1]
            yield ring
            edges[ring[0]].discard(ring[1])
        else:
            return


def _targets(each: Import, names: set[str]) -> list[str]:
    """Give the modules that an import loads by name: a submodule where one is named, else the module itself."""
    submodules = [f"{each.module}.{name}" for name in each.names if f"{each.module}.{name}" in names]
    others = len(submodules) < len(each.names) or not each.names
    return [*submodules, *([each.module] if others else [])]


def _borders(modules: Iterable[Module]) -> Iterator[tuple[Module, Import]]:
    """Give each import that crosses from one room into another."""
    for module in modules:
        for each in module.imports():
            if room_of(each.module) != module.room:
                yield module, each
