"""Run a compiler: the child gets the trace context, its output is stored once, the span carries the hash."""

from pathlib import Path
from tempfile import TemporaryDirectory

import telemetry
from telemetry.pipeline import ArtefactStore, ToolchainRun, run_toolchain
from telemetry.testing import isolated


@telemetry.instrument_span("compile.execute", attributes={"backend.name": "c-gcc"})
def compile_version(store: ArtefactStore, folder: Path) -> ToolchainRun:
    """Ask the compiler who it is."""
    return run_toolchain(["gcc", "--version"], cwd=folder, artefacts=store)


with TemporaryDirectory() as folder, isolated() as recording:
    run = compile_version(ArtefactStore(Path(folder) / "store"), Path(folder))
    attributes = recording.spans[0].attributes
    print(attributes["toolchain.binary"], "exited with", attributes["toolchain.exit_status"])
    print("output stored under its hash:", attributes["toolchain.stdout.sha256"] == run.stdout.sha256)
