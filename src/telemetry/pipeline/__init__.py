"""The pipeline's own surface: ready-made stage decorators, toolchain runs, stored outputs."""

from __future__ import annotations

from .artefacts import ArtefactStore, StoredOutput
from .stages import compile, lower, package, parse, plan, verify  # noqa: A004 -- the stage's name
from .toolchain import ToolchainRun, ToolchainRunError, run_toolchain

__all__ = (
    "ArtefactStore",
    "StoredOutput",
    "ToolchainRun",
    "ToolchainRunError",
    "compile",
    "lower",
    "package",
    "parse",
    "plan",
    "run_toolchain",
    "verify",
)
