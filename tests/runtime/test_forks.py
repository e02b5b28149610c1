"""Forked children: what they send, under whose name, and what is the parent's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.collector import Collector, eventually
from tests.export.servers import attributes
from tests.runtime.conftest import Run

_COUNTS_IN_A_CHILD = """
    import os, sys, telemetry
    telemetry.configure("specc", endpoint=sys.argv[1], metric_export_interval_ms=100)
    counter = telemetry.metric("compile_success_total").labels(backend="c-gcc")
    counter.inc(3)
    if not (child := os.fork()):
        counter.inc(4)
        while True:
            made = [[] for _ in range(1000)]
    print(child, flush=True)
    os.waitpid(child, 0)
    os._exit(0)
"""


def pushed(collector: Collector) -> dict[tuple[object, object], float]:
    """Give the last value of the counter that arrived, by the process that it is from."""
    found: dict[tuple[object, object], float] = {}
    for arrival in list(collector.arrivals):
        for group in arrival.message.resource_metrics if arrival.signal == "metrics" else ():
            who = attributes(group.resource.attributes)
            for metric in (metric for scope in group.scope_metrics for metric in scope.metrics):
                if metric.name == "compile_success_total":
                    found[who["process.pid"], who["service.instance.id"]] = metric.sum.data_points[0].as_double
    return found


def test_a_child_that_records_only_metrics_pushes_them() -> None:
    """Its counts arrive although it has no span, log record or end, and under another instance than the parent's."""
    with Collector() as collector:
        command = [sys.executable, "-c", textwrap.dedent(_COUNTS_IN_A_CHILD), collector.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            try:
                assert eventually(lambda: len(pushed(collector)) == 2, within_seconds=20), pushed(collector)
            finally:
                os.kill(child, signal.SIGKILL)
        values = {pid: value for (pid, _), value in pushed(collector).items()}
        assert values == {parent.pid: 3.0, child: 4.0}
        assert len({instance for _, instance in pushed(collector)}) == 2


def test_a_child_that_records_nothing_has_no_thread_of_ours(run: Run) -> None:
    """However long it lives and whatever it makes, and the look for its first metrics ends with the runtime."""
    ended = run("""
        import gc, json, os, socket, telemetry, threading, time
        with socket.create_server(("127.0.0.1", 0)) as gone:
            url = f"http://127.0.0.1:{gone.getsockname()[1]}"
        telemetry.configure("specc", endpoint=url, metric_export_interval_ms=10)
        telemetry.metric("compile_success_total").labels(backend="c-gcc").inc(3)
        if not (child := os.fork()):
            looks = len(gc.callbacks)
            for _ in range(20):
                gc.collect()
                time.sleep(0.01)
            threads = [each.name for each in threading.enumerate()]
            telemetry.shutdown()
            print(json.dumps([threads, looks, len(gc.callbacks)]), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        os._exit(0)
    """)
    assert ended.said == [["MainThread"], 1, 0], ended.stderr


_SHOWN = """
    from telemetry.journal import Folder, readers
    def names():
        found = {}
        for reader in readers(Folder.open(os.environ["TELEMETRY_JOURNAL"]), only_read=True):
            with reader:
                payloads = b"".join(chunk.payload for chunk in reader.batch(0).chunks)
                whose = "parent" if reader.identity.pid == os.getpid() else "child"
                found[whose] = [payloads.count(b"spec.parse"), payloads.count(b"compile.execute")]
        return found
    print(json.dumps(names()))
"""


def test_a_span_that_is_open_at_a_fork_is_the_parents(run: Run, journal_folder: Path) -> None:
    """Both processes leave its block; it is recorded once, by the one that began it."""
    ended = run(
        """
    import json, os, telemetry
    telemetry.configure("specc")
    with telemetry.span("spec.parse"):
        child = os.fork()
        with telemetry.span("compile.execute"):
            pass
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    """
        + _SHOWN,
        TELEMETRY_JOURNAL=str(journal_folder),
    )
    assert ended.said == {"parent": [1, 1], "child": [0, 1]}, ended.stderr
