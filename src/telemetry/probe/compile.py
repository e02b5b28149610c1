"""Build what a backend rendered, with the real toolchain.

The same invocation gives the same bytes in any folder. `lower` comes before, `verify` after.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import final

from telemetry.errors import ToolchainError
from telemetry.pipeline import ArtefactStore, run_toolchain

from .backends import BackendDescriptor, Invocation
from .cache import BuildCache, build_key
from .toolversion import version

_ENVIRONMENT = {"LC_ALL": "C", "SOURCE_DATE_EPOCH": "0"}


@final
@dataclass(frozen=True, slots=True)
class Output:
    """A built file.

    Attributes:
        name: Relative to the workspace.
        path: Where it is.
        sha256: The hash of its bytes, in hex.
        size_bytes: Its size.
    """

    name: str
    path: Path
    sha256: str
    size_bytes: int


@final
@dataclass(frozen=True, slots=True)
class CompiledArtefact:
    """What a toolchain made of an invocation.

    Attributes:
        invocation: What was built.
        binary: The program that built it.
        toolchain_version: The first line of its version.
        exit_status: What it returned; a build that fails raises, so this is 0.
        outputs: What it made.
        cache_hit: Whether the files came from the cache and no toolchain ran.
    """

    invocation: Invocation
    binary: str
    toolchain_version: str
    exit_status: int
    outputs: tuple[Output, ...]
    cache_hit: bool

    @property
    def output(self) -> Output:
        """The file that is called or shipped."""
        return self.outputs[0]


def compile(  # noqa: A001 - the stage's name; nobody means the built-in where a backend is the first argument
    backend: BackendDescriptor,
    invocation: Invocation,
    workspace: Path,
    *,
    cache: BuildCache | None = None,
    artefacts: ArtefactStore | None = None,
    timeout_seconds: float = 60.0,
) -> CompiledArtefact:
    """Write the source into the workspace and build it there.

    Args:
        backend: Who rendered the invocation.
        invocation: What to build.
        workspace: The folder to work in, made if need be; one folder an invocation.
        cache: Where earlier builds are looked up and this one is kept.
        artefacts: Where the toolchain's messages are kept.
        timeout_seconds: How long the toolchain may take.

    Raises:
        ToolchainError: The toolchain is not there (`toolchain_missing`), refuses the source or makes nothing
            (`toolchain_failed`), takes too long (`timeout`), or needs too much memory (`out_of_memory`).
    """
    workspace.mkdir(parents=True, exist_ok=True)
    (workspace / invocation.source_name).write_text(invocation.source, encoding="utf-8")
    target = workspace / invocation.output
    toolchain_version = version(backend.binaries[0])
    key = build_key(invocation, toolchain_version)
    cache_hit = cache is not None and cache.fetch(key, target)
    if not cache_hit:
        _build(invocation, workspace, artefacts, timeout_seconds)
        if cache is not None:
            cache.store(key, target)
    return CompiledArtefact(
        invocation=invocation,
        binary=Path(backend.binaries[0]).name,
        toolchain_version=toolchain_version,
        exit_status=0,
        outputs=(_output(target),),
        cache_hit=cache_hit,
    )


def _build(invocation: Invocation, workspace: Path, artefacts: ArtefactStore | None, timeout_seconds: float) -> None:
    target = workspace / invocation.output
    target.unlink(missing_ok=True)
    run_toolchain(
        invocation.command(str(workspace.resolve())),
        cwd=workspace,
        timeout_seconds=timeout_seconds,
        artefacts=artefacts,
        environ=_ENVIRONMENT,
    )
    if not target.is_file():
        command = " ".join(invocation.argv)
        raise ToolchainError(
            f"`{command}` succeeded without making {invocation.output} in {workspace}: check the toolchain",
            code="toolchain_failed",
            exit_status=0,
        )


def _output(path: Path) -> Output:
    data = path.read_bytes()
    return Output(path.name, path, hashlib.sha256(data).hexdigest(), len(data))
