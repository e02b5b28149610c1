"""The tests are part of the documentation: each says what must hold."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.source import ROOT, documented, shown


def silent(path: Path) -> list[str]:
    """Find test functions without a docstring."""
    return [
        f"{path}:{node.lineno}: {node.name} does not say what must hold"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test")
        and not documented(node)
    ]


def test_each_test_says_what_must_hold() -> None:
    """No test function is without a docstring."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    assert not (found := [line for path in files for line in silent(path)]), shown(found)


def test_silent_tests_are_found(tmp_path: Path) -> None:
    """A test without a docstring is seen, in a class and as a coroutine too."""
    path = tmp_path / "test_x.py"
    path.write_text("class TestA:\n    async def test_a(self): pass\n\ndef test_b():\n    '''Hold.'''\n")
    assert len(silent(path)) == 1
