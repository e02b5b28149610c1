"""The `llvm-ir` backend: textual LLVM IR, built by Clang."""

from __future__ import annotations

import shutil
from contextvars import Context
from typing import Final

from telemetry.probe.plan import ExecutionGraph
from telemetry.probe.toolversion import major
from telemetry.probe.tree import Clauses, Operator

from . import llvmsource
from .descriptor import BackendDescriptor

_FIRST_WITH_OPAQUE_POINTERS = 15


def _translate(operator: Operator, clauses: Clauses, graph: ExecutionGraph) -> str:
    # Typed pointers left LLVM with version 17; version 14 crashes on `ptr` when it optimises.
    # Asked in an empty context, for the span of a lowering has no attributes of a toolchain's run.
    opaque = shutil.which("clang") is None or Context().run(major, "clang") >= _FIRST_WITH_OPAQUE_POINTERS
    return llvmsource.translate(operator, clauses, graph, opaque_pointers=opaque)


def _command(source: str, output: str) -> tuple[str, ...]:
    return (
        *("clang", "-O2", "-fPIC", "-shared", "-Wno-override-module"),
        *("-Wl,--build-id=sha1", "-o", output, source),
    )


LLVM_IR: Final = BackendDescriptor(
    name="llvm-ir",
    maturity="beta",
    binaries=("clang",),
    interface="native",
    source_suffix=".ll",
    output_suffix=".so",
    translate=_translate,
    command=_command,
)
