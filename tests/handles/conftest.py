"""What the tests of typed handles share: modules that are imported, and what checkers say of others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.handles.modules import Verdicts, judge, judge_by_pyright, load, write_examples

from telemetry.contracts import Registry


@pytest.fixture
def imported(tmp_path: Path) -> Callable[[Registry], ModuleType]:
    """Write the handles of a registry to a module, and import it."""
    return lambda registry: load(registry, tmp_path / "handles.py")


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the examples for checkers."""
    folder = tmp_path_factory.mktemp("judged")
    write_examples(folder)
    return folder


@pytest.fixture(scope="session")
def verdicts(examples: Path) -> Verdicts:
    """Give what mypy says of the examples."""
    return judge(examples)


@pytest.fixture(scope="session")
def rules(examples: Path) -> dict[tuple[str, int], set[str]]:
    """Give the rules of pyright that the lines of the examples break."""
    return judge_by_pyright(examples)
