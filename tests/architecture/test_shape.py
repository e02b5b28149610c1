"""Files are short and say what they are, functions are short and documented, and doors only hand out."""

from __future__ import annotations

import importlib

import pytest
from tests.architecture import shape, source
from tests.architecture.source import Module, shown

DOORS = tuple(each for each in source.package() if each.is_package)


def test_files_are_short() -> None:
    """No file has more than 400 lines, no `__init__` more than 80."""
    assert not (found := shape.long_files(source.package())), shown(found)


def test_functions_are_short() -> None:
    """No function has more than 50 lines of code."""
    assert not (found := shape.long_functions(source.package())), shown(found)


def test_file_names_say_what_is_in_them() -> None:
    """No file is a bag."""
    assert not (found := shape.vague_files(source.package())), shown(found)


def test_files_open_with_a_sentence() -> None:
    """The first line of each file is a sentence of at most 100 characters, which a map of the package can quote."""
    assert not (found := shape.unmapped(source.package())), shown(found)


def test_public_names_are_documented() -> None:
    """Each public class, function and method says what it is for."""
    assert not (found := shape.undocumented(source.package())), shown(found)


def test_settings_terminal_and_clock_are_used_where_they_belong() -> None:
    """Only `config` reads the environment, only `cli` prints, and nothing measures with a clock that can jump."""
    assert not (found := shape.reserved(source.package())), shown(found)


def test_doors_hand_out_and_do_nothing_else() -> None:
    """A room's `__init__` re-exports exactly its `__all__`, a sorted tuple, and holds no code."""
    assert not (found := shape.doors(source.package())), shown(found)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_handed_out_names_exist(door: Module) -> None:
    """Each name of `__all__` is there when the room is imported."""
    room = importlib.import_module(door.name)
    missing = [name for name in source.exported(door) or () if not hasattr(room, name)]
    assert missing == []


@pytest.mark.parametrize("folder", sorted({each.path.rpartition("/")[0] for each in source.package()}))
def test_folders_of_code_are_packages(folder: str) -> None:
    """A folder without `__init__` would be missing from a wheel, or worse, be there by luck."""
    assert (source.ROOT / folder / "__init__.py").is_file()


def module(text: str, *, name: str = "telemetry.metrics.cells", is_package: bool = False) -> Module:
    """Make a module that exists only in this test."""
    return Module(name, "cells.py", text, is_package)


@pytest.mark.parametrize(
    ("lines", "is_package", "breaches"), [(400, False, 0), (401, False, 1), (80, True, 0), (81, True, 1)]
)
def test_long_files_are_found(lines: int, is_package: bool, breaches: int) -> None:
    """The limits are met exactly."""
    assert len(shape.long_files([module("x = 1\n" * lines, is_package=is_package)])) == breaches


@pytest.mark.parametrize(("lines", "breaches"), [(49, 0), (50, 1)])
def test_long_functions_are_found(lines: int, breaches: int) -> None:
    """A `def` line and 49 lines of body are the most; a docstring does not count, and methods are functions."""
    text = "class A:\n    def f(self):\n        '''Do.\n\n        More.\n        '''\n" + "        x = 1\n" * lines
    assert len(shape.long_functions([module(text)])) == breaches


@pytest.mark.parametrize(("name", "breaches"), [("utils", 1), ("_base", 1), ("cells", 0), ("basement", 0)])
def test_vague_names_are_found(name: str, breaches: int) -> None:
    """Vague words are refused as whole names, private or not."""
    assert len(shape.vague_files([module("", name=f"telemetry.metrics.{name}")])) == breaches


@pytest.mark.parametrize(
    ("text", "breaches"),
    [
        ('"""Keep counts."""', 0),
        ('"""Keep counts.\n\nMore.\n"""', 0),
        ('"""Keep counts"""', 1),
        ('"""Keep\ncounts."""', 1),
        (f'"""{"x" * 100}."""', 1),
        ("x = 1", 1),
    ],
)
def test_poor_openings_are_found(text: str, breaches: int) -> None:
    """No docstring, no full stop, a second line at once, or a line too long: each is a breach."""
    assert len(shape.unmapped([module(text)])) == breaches


@pytest.mark.parametrize(
    ("text", "breaches"),
    [
        ("def f(): pass", 1),
        ("class A:\n    '''An a.'''\n    def f(self): pass", 1),
        ("class A:\n    def f(self): pass", 2),
        ("class _A:\n    def f(self): pass", 0),
        ("def _f(): pass", 0),
        ("@overload\ndef f(): ...\ndef f():\n    '''Do.'''", 0),
        ("async def f(): pass", 1),
    ],
)
def test_undocumented_names_are_found(text: str, breaches: int) -> None:
    """Public names at the top and in public classes need a docstring; private ones and overloads need none."""
    assert len(shape.undocumented([module(text)])) == breaches


@pytest.mark.parametrize(
    ("name", "text", "breaches"),
    [
        ("telemetry.metrics.cells", "import os\nx = os.environ['A']", 1),
        ("telemetry.metrics.cells", "import os\nx = os.getenv('A')", 1),
        ("telemetry.metrics.cells", "from os import environ", 1),
        ("telemetry.metrics.cells", "print(1)", 1),
        ("telemetry.metrics.cells", "f(print)", 1),
        ("telemetry.metrics.cells", "import time\nx = time.time", 1),
        ("telemetry.metrics.cells", "from time import time", 1),
        ("telemetry.metrics.cells", "from time import time_ns, monotonic", 0),
        ("telemetry.config", "import os\nx = os.environ['A']", 0),
        ("telemetry.config.settings", "print(1)", 1),
        ("telemetry.cli.run", "print(1)", 0),
        ("telemetry._hotpath", "import os\nx = os.environ.get('TELEMETRY_PURE')", 0),
        ("telemetry._hotpath", "import os\nx = os.environ.get('HOME')", 1),
    ],
)
def test_reserved_things_are_found(name: str, text: str, breaches: int) -> None:
    """Each has its room; the hot path may read the one variable that chooses its twin."""
    assert len(shape.reserved([module(text, name=name)])) == breaches


@pytest.mark.parametrize(
    ("text", "breaches"),
    [
        ("'''Keep.'''\nfrom .a import X, y\n__all__ = ('X', 'y')", 0),
        ("from .a import y", 1),
        ("from .a import y\n__all__ = ['y']", 1),
        ("from .a import X, y\n__all__ = ('y', 'X')", 1),
        ("from .a import X, y\n__all__ = ('X',)", 1),
        ("from .a import X\n__all__ = ('X', 'y')", 1),
        ("from .a import X\nX()\n__all__ = ('X',)", 1),
        (
            "if TYPE_CHECKING:\n    from .a import X\nelse:\n    __getattr__ = _deferred('r', a='X')\n__all__ = ('X',)",
            0,
        ),
        ("if TYPE_CHECKING:\n    from .a import X\nelse:\n    __getattr__ = _deferred('r', a='X')\n__all__ = ()", 1),
        ("if TYPE_CHECKING:\n    from .a import X\n__all__ = ('X',)", 2),
        ("if TYPE_CHECKING:\n    from .a import X\nelse:\n    X = f()\n__all__ = ('X',)", 2),
    ],
)
def test_odd_doors_are_found(text: str, breaches: int) -> None:
    """A missing, unsorted or untrue `__all__`, and code beside it, are breaches."""
    assert len(shape.doors([module(text, name="telemetry.metrics", is_package=True)])) == breaches
