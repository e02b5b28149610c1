"""The example of two services and a client: one trace over HTTP, between real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BUILD = Path(__file__).parents[2] / "examples" / "services" / "build.py"

TREE = """\
pipeline.run (build)
   POST (build)
      POST /plans/{name} (planner)
         plan.compile_graph (planner)
            POST (planner)
               POST /jobs/{backend} (executor)
                  compile.execute (executor)
            POST (planner)
               POST /jobs/{backend} (executor)
                  compile.execute (executor)
traces: 1
"""


def test_one_trace_goes_through_three_processes(tmp_path: Path) -> None:
    """Client, planner and executor record one tree, in which each call is below its caller."""
    done = subprocess.run(
        [sys.executable, BUILD], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "answer: ['c-gcc: done', 'c-clang: done']\n" + TREE
