"""Imports run down the floors, through the doors of rooms, and never in a ring."""

from __future__ import annotations

import pytest
from tests.architecture import border, floors, source
from tests.architecture.source import Module, shown


def test_every_module_stands_on_a_floor() -> None:
    """A new room says where it belongs before it is used."""
    assert not (found := border.unplaced(source.package())), shown(found)


def test_no_room_stands_on_two_floors() -> None:
    """The table of floors is a partition."""
    rooms = [room for floor in floors.FLOORS for room in floor]
    assert sorted(rooms) == sorted(set(rooms))


def test_imports_run_downward() -> None:
    """No room imports from its own floor or a higher one, at any depth of the code and for types neither."""
    assert not (found := border.upward(source.package())), shown(found)


def test_nobody_inside_imports_the_facade() -> None:
    """The facade is for applications: one import of it from inside would tie all modules into a ring."""
    assert not (found := border.through_facade(source.package())), shown(found)


def test_rooms_are_entered_by_the_door() -> None:
    """Across rooms only what a room's `__init__` hands out is imported, but for the few deferred exceptions."""
    assert not (found := border.past_the_door(source.package())), shown(found)


def test_borders_can_be_seen() -> None:
    """Imports are absolute across rooms and relative inside one, or inside a folder of one."""
    assert not (found := border.misspelt(source.package())), shown(found)


def test_no_rings() -> None:
    """No two modules need each other, directly or by way of others."""
    assert not (found := border.rings(source.package())), shown(found)


def module(name: str, text: str, *, is_package: bool = False) -> Module:
    """Make a module that exists only in this test."""
    return Module(name, f"{name}.py", text, is_package)


@pytest.mark.parametrize(
    "text",
    [
        "from telemetry.export import serve",
        "from telemetry.tracing import Span",
        "def f():\n    from telemetry.export import serve",
        "if TYPE_CHECKING:\n    from telemetry.export import serve",
        "import telemetry.export as export",
        "from ..export import serve",
        "class A:\n    async def f(self):\n        import_module('telemetry.export')",
        "from telemetry.nowhere import thing",
    ],
)
def test_upward_and_sideways_imports_are_found(text: str) -> None:
    """Wherever the import hides, and however it is written, metrics may not use export or tracing."""
    assert len(border.upward([module("telemetry.metrics.cells", text)])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from telemetry.contracts import Contract",
        "from .page import Page",
        "import json",
        "from telemetrylike import x",
    ],
)
def test_downward_imports_are_fine(text: str) -> None:
    """A lower floor, the own room and foreign modules are free to use."""
    assert border.upward([module("telemetry.metrics.cells", text)]) == []


@pytest.mark.parametrize(
    "text", ["import telemetry", "from telemetry import span", "from .. import span", "import telemetry.errors"]
)
def test_facade_imports_are_found(text: str) -> None:
    """All ways to reach the package's root from inside are seen."""
    assert len(border.through_facade([module("telemetry.cli.run", text)])) == 1


DOOR = module("telemetry.export", "from .otlp import send\n__all__ = ('send',)", is_package=True)
INNER = module("telemetry.export.otlp", "")


@pytest.mark.parametrize(
    ("room", "text", "breaches"),
    [
        ("runtime", "from telemetry.export import send", 0),
        ("runtime", "from telemetry.export import otlp", 1),
        ("runtime", "from telemetry.export.otlp import send", 1),
        ("runtime", "def f():\n    from telemetry.export.otlp import send", 0),
        ("probe", "def f():\n    from telemetry.export.otlp import send", 1),
    ],
)
def test_doors_are_kept(room: str, text: str, breaches: int) -> None:
    """What `__all__` of the room holds may be imported; its modules only by the listed rooms, where they are used."""
    assert len(border.past_the_door([DOOR, INNER, module(f"telemetry.{room}.x", text)])) == breaches


@pytest.mark.parametrize(
    ("text", "breaches"),
    [
        ("from .page import Page", 0),
        ("from telemetry.metrics.page import Page", 1),
        ("from ..contracts import Contract", 1),
        ("from telemetry.contracts import Contract", 0),
    ],
)
def test_misspelt_imports_are_found(text: str, breaches: int) -> None:
    """A relative import that leaves its room is one breach, an absolute one that stays another."""
    assert len(border.misspelt([module("telemetry.metrics.cells", text)])) == breaches


def test_folders_of_a_room_may_name_the_room() -> None:
    """A module in a folder of its room names the room's other modules in full, and those of its folder with a dot."""
    upper = module("telemetry.probe.backends.c", "from telemetry.probe.spec import Spec")
    beside = module("telemetry.probe.backends.c", "from telemetry.probe.backends.llvm import Llvm")
    assert border.misspelt([upper]) == []
    assert len(border.misspelt([beside])) == 1


def test_rings_are_found() -> None:
    """Rings through functions, through types, and through a room's own door are named in the order of imports."""
    tree = [
        module("telemetry.metrics", "from .a import A", is_package=True),
        module("telemetry.metrics.a", "def f():\n    from . import b"),
        module("telemetry.metrics.b", "if TYPE_CHECKING:\n    from .a import A"),
        module("telemetry.tracing", "from .c import C", is_package=True),
        module("telemetry.tracing.c", "from . import C"),
        module("telemetry.logs", "from .d import D", is_package=True),
        module("telemetry.logs.d", "from telemetry.contracts import Contract"),
    ]
    found = {frozenset(ring.split(" -> ")) for ring in border.rings(tree)}
    assert found == {
        frozenset({"telemetry.metrics.a", "telemetry.metrics.b"}),
        frozenset({"telemetry.tracing", "telemetry.tracing.c"}),
    }
