"""A process that forks while its worker imports what sends: the children can send, or leave it to the parent."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest
from tests.collector import Collector

_FORKS_AT_ONCE = """
    import os, signal, sys, telemetry
    telemetry.configure("specc", endpoint=sys.argv[1])
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            signal.alarm(20)  # an import that waits for a thread that is not there would never end
            with telemetry.span("spec.parse"):
                pass
            os._exit(0 if telemetry.shutdown() else 1)
        children.append(child)
    print([os.waitpid(child, 0)[1] for child in children])
"""
_FORKS_IN_AN_IMPORT_THAT_LASTS = """
    import json, os, sys, threading
    from telemetry.export import ExportWorker, worker
    from tests.export.recorder import Recorder

    class Importing:
        target = "nowhere"
        def open(self): threading.Event().wait()
        def records(self, *_): raise AssertionError("what is half imported sends nothing")
        def metrics(self, *_): raise AssertionError("what is half imported sends nothing")
        def close(self): pass
        def forget(self): pass

    worker._FORK_SECONDS = 0.05
    recorder = Recorder()
    exporting = ExportWorker(Importing(), recorder.region)
    recorder.ring.wake = exporting.wake
    exporting.start()
    if not (child := os.fork()):
        recorder.spans(2)
        said = [exporting.shutdown(0.2), exporting.losses(), [each.name for each in threading.enumerate()]]
        print(json.dumps(said), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    os._exit(0)
"""


def ran(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


@pytest.mark.parametrize("repetition", range(2))
def test_children_of_the_first_moment_send(repetition: int) -> None:
    """Children that are forked right behind `configure()`, in the middle of its imports, send their spans."""
    with Collector() as collector:
        done = ran(_FORKS_AT_ONCE, collector.url)
        assert done.stdout.strip() == "[0, 0, 0]", done.stderr
        assert sorted(collector.spans.values()) == [1, 1, 1], repetition


def test_a_fork_does_not_wait_for_ever() -> None:
    """Where an import does not end, a child starts no thread that would need it, and ends within its deadline."""
    done = ran(_FORKS_IN_AN_IMPORT_THAT_LASTS)
    assert json.loads(done.stdout) == [False, {"export_timeout": 2}, ["MainThread"]]
