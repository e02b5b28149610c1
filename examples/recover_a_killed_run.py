"""Recover a killed run: a process dies inside a span, and its journal says what it did and where it was."""

import os
import signal
from tempfile import TemporaryDirectory

import telemetry
from telemetry.journal import Folder, readers, recover


@telemetry.instrument_span("compile.execute", capture={"backend.name": "backend"})
def build(backend: str) -> None:
    """Die in the middle, as with `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


def run(folder: str) -> None:
    """End one span, and two never."""
    telemetry.configure("recover-a-killed-run", journal=folder)
    with telemetry.span("plan.compile_graph"):
        with telemetry.span("spec.parse"):
            pass
        build("c-gcc")


with TemporaryDirectory() as folder:
    if os.fork() == 0:
        run(folder)
    print("ended by signal", os.wait()[1])
    for reader in readers(Folder.open(folder), only_read=True):  # `telemetry journal recover FOLDER` shows the same
        with reader:
            recovery = recover(reader)
            print("finished spans:", sum(len(chunk.flags) for chunk in recovery.finished))
            for stage in recovery.stages:
                print("died at", " > ".join(stage.path), "with", stage.record.attributes["backend.name"])
