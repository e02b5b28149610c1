"""Call compiled code on many inputs at once, safely.

One child process runs all cases of an artefact, under a limit for each case and one for all. What happened to a case is
an `Outcome`; this file judges nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from telemetry.errors import ToolchainError
from telemetry.pipeline import ArtefactStore, run_toolchain

from .compile import CompiledArtefact
from .datatypes import Value
from .tree import Operator

_HARNESS = Path(__file__).with_name("harness.py")
_OUTPUT_BYTES = 64 << 20


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did: it returned, it faulted, or it did not end in time.

    Attributes:
        value: What it returned; None otherwise.
        failure: Why it did not return; empty when it did.
    """

    value: Value | None
    failure: str = ""


def try_out(
    operator: Operator,
    artefact: CompiledArtefact,
    cases: Sequence[Sequence[Value]],
    *,
    case_seconds: float = 1.0,
    timeout_seconds: float = 60.0,
    artefacts: ArtefactStore | None = None,
) -> list[Outcome]:
    """Call the compiled operator once a case.

    After three cases that do not end, the rest is not tried, so there may be fewer outcomes than cases.

    Raises:
        ToolchainError: The child could not load the artefact (`toolchain_failed`), or all cases together took too long
            (`timeout`).
    """
    job = {
        "interface": artefact.invocation.interface,
        "path": str(artefact.output.path.resolve()),
        "symbol": artefact.invocation.symbol,
        "parameters": [str(parameter.type) for parameter in operator.parameters],
        "result": str(operator.result),
        "seconds": case_seconds,
        "cases": cases,
    }
    run = run_toolchain(
        [sys.executable, "-I", "-S", "-B", str(_HARNESS)],
        cwd=artefact.output.path.parent,
        timeout_seconds=timeout_seconds,
        output_limit_bytes=_OUTPUT_BYTES,
        stdin=json.dumps(job).encode(),
        artefacts=artefacts,
    )
    if run.stdout.truncated:
        raise ToolchainError(
            f"the results of `{operator.name}` are more than {_OUTPUT_BYTES} bytes: try fewer cases",
            code="toolchain_failed",
            exit_status=run.exit_status,
        )
    return [_outcome(json.loads(line), case_seconds) for line in run.stdout.text().splitlines()]


def _outcome(line: dict[str, Value | str], case_seconds: float) -> Outcome:
    if "value" in line:
        value = line["value"]
        assert not isinstance(value, str)
        return Outcome(value)
    if "timeout" in line:
        return Outcome(None, f"did not end within {case_seconds:g} s")
    return Outcome(None, f"faulted ({line['fault']})")
