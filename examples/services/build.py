"""One trace over HTTP: this client asks a planner, which asks an executor; each is a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import requests
from collector import Collector  # type: ignore[import-not-found]  # it stands beside this script

import telemetry
from telemetry.http import instrument_requests

HERE = Path(__file__).parent


@contextmanager
def service(name: str, collector: str, *arguments: str) -> Iterator[str]:
    """Run a service while the block does; gives its URL."""
    environment = {**os.environ, "TELEMETRY_EXPORTER_ENDPOINT": collector}
    command = [sys.executable, str(HERE / f"{name}.py"), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


with Collector() as collector:
    Thread(target=collector.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{collector.server_port}"
    with (
        telemetry.configure("build", endpoint=url),
        service("executor", url) as executor,
        service("planner", url, executor) as planner,
    ):
        instrument_requests()
        with telemetry.span("pipeline.run"):
            print("answer:", requests.post(f"{planner}/plans/clamp", timeout=30).json())
    collector.shutdown()
    print("\n".join(collector.tree()))
    print("traces:", len({span.trace_id for _, span in collector.spans.values()}))
