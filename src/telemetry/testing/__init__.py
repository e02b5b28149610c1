"""For tests: a runtime of their own that keeps what is recorded, and checks that tell what was wrong.

`telemetry.pytest_plugin` makes fixtures of it; nothing here needs pytest.
"""

from .isolation import isolated
from .recording import Recording
from .snapshot import Snapshots, render_snapshot
from .tree import SpanTree

__all__ = ("Recording", "Snapshots", "SpanTree", "isolated", "render_snapshot")
