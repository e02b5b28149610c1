"""Resolve the references of semantic conventions: to attributes, to groups, and to what is extended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .definition import Group


class Resolution:
    """All groups of all files, by which references are resolved.

    Args:
        groups: Those of one layout; see `groups_of`.
        lose: Takes what refers to nothing: the group, and the problem.
    """

    def __init__(self, groups: Sequence[Group], lose: Callable[[str, str], None]) -> None:
        self._lose = lose
        self._rings: set[frozenset[str]] = set()
        self._groups: dict[str, Group] = {}
        self._defined: dict[str, Group] = {}
        for group in groups:
            self._groups.setdefault(str(group.get("id", "")), group)
            for each in group.get("attributes") or ():
                if "id" in each:
                    self._defined.setdefault(str(each["id"]), each)

    def inherited(self, group: Group, key: str) -> object:
        """Give what a group says of a key, or else the group that it extends."""
        seen: set[str] = set()
        found: Group | None = group
        while found is not None and not found.get(key):
            parent = str(found.get("extends") or "")
            found = None if parent in seen else self._groups.get(parent)
            seen.add(parent)
        return found.get(key) if found is not None else None

    def attributes(self, group: Group) -> Iterator[Group]:
        """Go through the attributes of a group, those that it takes from others included; its own say win."""
        table: dict[str, Group] = {}
        self._collect(group, table, ())
        yield from table.values()

    def _collect(self, group: Group, table: dict[str, Group], seen: tuple[str, ...]) -> None:
        if group.get("extends"):
            self._include(group, str(group["extends"]), table, seen)
        for each in group.get("attributes") or ():
            if "ref_group" in each:
                self._include(group, str(each["ref_group"]), table, seen)
                continue
            key = str(each.get("id") or each.get("ref"))
            if "ref" in each and key not in self._defined:
                self._lose(f"group {group.get('id')}", f"refers to {key!r}, which is not among the groups")
            else:
                table[key] = {**self._defined.get(key, {}), **table.get(key, {}), **each, "id": key}

    def _include(self, group: Group, name: str, table: dict[str, Group], seen: tuple[str, ...]) -> None:
        """Add the attributes of another group; one that includes itself adds nothing more, and is named."""
        other = self._groups.get(name)
        if other is None:
            self._lose(f"group {group.get('id')}", f"takes attributes of {name!r}, which is not among the groups")
        elif name not in seen:
            self._collect(other, table, (*seen, name))
        else:
            self._name_ring(seen[seen.index(name) :])

    def _name_ring(self, ring: tuple[str, ...]) -> None:
        """Name groups that take from each other in a ring, once."""
        if frozenset(ring) not in self._rings:
            self._rings.add(frozenset(ring))
            way = " → ".join((*ring, ring[0]))
            self._lose(f"group {ring[0]}", f"takes from itself ({way}); leave one 'extends' or 'ref_group' out")
