"""The room as a whole: its public names, its floors, and the examples in its documentation."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import sys
from pathlib import Path

import pytest

import telemetry.export as room

MODULES = sorted(module.name for module in pkgutil.iter_modules(room.__path__, "telemetry.export."))
BELOW = {
    "door", "errors", "signals", "config", "contracts", "context", "metrics", "tracing", "logs", "journal", "_hotpath"
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a docstring shows is what happens."""
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0, capsys.readouterr().out


def test_public_names_are_sorted_and_there() -> None:
    """The room's public names are a sorted tuple, and each exists."""
    assert room.__all__ == tuple(sorted(room.__all__))
    assert all(hasattr(room, name) for name in room.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_down(name: str) -> None:
    """No module of the room imports a room above or beside it."""
    path = sys.modules.get(name, importlib.import_module(name)).__file__
    assert path is not None
    imported = {
        node.module.split(".")[1]
        for node in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("telemetry.")
    }
    assert imported <= BELOW
