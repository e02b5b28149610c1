"""Let these tests share what they know about the tree, as the package `tests.architecture`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
