"""These tests run where they are named: `make engines` does, and `make test` does not run them a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave this folder out unless the command line names it, or something in it."""
    named = (Path(arg.partition("::")[0]).resolve() for arg in config.args)
    return None if any(path == HERE or HERE in path.parents for path in named) else True
