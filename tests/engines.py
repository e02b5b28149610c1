"""Marks tests that need programs beyond Python, gcc and make.

`make test` installs these where it may. Where it may not, the tests are left out and say so; in CI they run, and fail.
"""

from __future__ import annotations

import os
import shutil

import pytest


def is_there(*programs: str) -> bool:
    """Tell whether tests may count on these programs: in CI always."""
    return bool(os.environ.get("CI")) or all(shutil.which(program) for program in programs)


def needs(*programs: str) -> pytest.MarkDecorator:
    """Leave a test out on a machine without these programs, except in CI."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(not is_there(*programs), reason=f"not installed: {', '.join(missing)}; see .ci/programs")
