"""Isolated runtimes leave nothing behind in their process."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

PROGRAM = dedent("""
    import gc, json, os
    import telemetry
    from telemetry.testing import isolated

    kept = []

    def one(leak):
        with isolated() as recording:
            with telemetry.span("pipeline.run"), telemetry.span("spec.parse"):
                telemetry.metric("compile_success_total").labels(backend="c-gcc").inc()
                telemetry.get_logger("job").info("pipeline.start", pipeline="a")
            assert recording.tree() == "pipeline.run\\n  spec.parse"
        if leak:
            kept.append(recording)

    def taken():
        gc.collect()
        pages = int(open("/proc/self/statm").read().split()[1])
        return {
            "bytes": pages * os.sysconf("SC_PAGE_SIZE"),
            "files": len(os.listdir("/proc/self/fd")),
            "threads": len(os.listdir("/proc/self/task")),
            "mappings": sum(1 for _ in open("/proc/self/maps")),
        }

    def grown(times, leak=False):
        before = taken()
        for _ in range(times):
            one(leak)
        after = taken()
        return {name: after[name] - before[name] for name in after}

    grown(100)
    print(json.dumps([grown(300), grown(30, leak=True)]))
""")


def test_three_hundred_runtimes_leave_nothing() -> None:
    """Neither memory nor files, threads or mappings stay; a recording that is kept is seen by the same measure."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    clean, leaking = json.loads(done.stdout)
    assert clean["files"] == clean["threads"] == 0
    assert clean["mappings"] <= 10  # the allocator takes and returns arenas
    assert clean["bytes"] < 300 * 8192  # two pages a runtime, a fraction of its journal of 64 KiB
    assert leaking["bytes"] > 30 * 8192
