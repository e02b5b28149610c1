"""What the tests of typed handles share: modules that are imported, and what mypy says of others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.handles.modules import Verdicts, judge, load

from telemetry.contracts import Registry


@pytest.fixture
def imported(tmp_path: Path) -> Callable[[Registry], ModuleType]:
    """Write the handles of a registry to a module, and import it."""
    return lambda registry: load(registry, tmp_path / "handles.py")


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Give what mypy says of the examples."""
    return judge(tmp_path_factory.mktemp("judged"))
