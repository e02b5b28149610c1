"""Ask Frama-C whether the C text keeps its ACSL contract for all inputs.

A proof is about the generated C and trusts the compiler and the contracts of the checked primitives; testing is about
the compiled code. Frama-C simplifies every goal with its own Qed; where Why3 and CVC4 are installed, they try the rest.
`verify` calls it.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import final

from telemetry.errors import ToolchainError
from telemetry.pipeline import ArtefactStore, run_toolchain

from .toolversion import version

_SUMMARY = re.compile(r"Proved goals:\s+(\d+)\s*/\s*(\d+)")
_GOAL = re.compile(r"\[wp\] (?:\[[^]]*\] )?Goal (\S+)(?P<rest>.*)")
_LAST_WORDS = 300


@final
@dataclass(frozen=True, slots=True)
class Proof:
    """What a prover could show.

    Attributes:
        tool: The program and its version.
        prover: What it used, as Frama-C names it.
        proved: How many goals were proved.
        goals: How many there were; 0 when the tool came to no end.
        unproved: The names of the goals that were not.
        note: Why there is no summary; empty when there is one.
    """

    tool: str
    prover: str
    proved: int
    goals: int
    unproved: tuple[str, ...] = ()
    note: str = ""

    @property
    def complete(self) -> bool:
        """Whether every goal was proved."""
        return 0 < self.goals == self.proved


def prove(source: Path, *, timeout_seconds: float, artefacts: ArtefactStore | None = None) -> Proof | None:
    """Try to prove a C source; None where there is no Frama-C.

    Nothing that goes wrong here raises: it is a note in the result, for a proof that is missing blocks nothing.

    Args:
        source: A C file with ACSL; files of the provers are put beside it.
        timeout_seconds: How long Frama-C may take with each set of provers; a fifth of it a goal.
        artefacts: Where Frama-C's messages are kept.
    """
    if shutil.which("frama-c") is None:
        return None
    configuration = _why3_configuration(source.parent)
    if configuration is not None:
        proof = _prove(source, "cvc4", timeout_seconds, artefacts, {"WHY3CONFIG": str(configuration)})
        if proof.goals:
            return proof
    return _prove(source, "qed", timeout_seconds, artefacts, {})


def _why3_configuration(folder: Path) -> Path | None:
    if shutil.which("why3") is None or shutil.which("cvc4") is None:
        return None
    configuration = (folder / "why3.conf").resolve()
    try:
        run_toolchain(["why3", "config", "detect"], cwd=folder, environ={"WHY3CONFIG": str(configuration)})
    except ToolchainError:
        return None
    return configuration


def _prove(
    source: Path, prover: str, timeout_seconds: float, artefacts: ArtefactStore | None, environ: dict[str, str]
) -> Proof:
    goal_seconds = str(max(1, int(timeout_seconds / 5)))
    argv = ["frama-c", "-wp", "-wp-rte", "-wp-prover", prover, "-wp-timeout", goal_seconds, source.name]
    try:
        tool = f"frama-c {version('frama-c')}"
        # Frama-C looks for relative names in PWD, not in its working folder.
        variables = {**environ, "PWD": str(source.parent.resolve())}
        run = run_toolchain(
            argv, cwd=source.parent, timeout_seconds=timeout_seconds, artefacts=artefacts, environ=variables
        )
    except ToolchainError as error:
        return Proof("frama-c", prover, 0, 0, note=error.code)
    text = run.stdout.text()
    summary = _SUMMARY.search(text)
    if summary is None:
        return Proof(tool, prover, 0, 0, note=f"no summary: {text.strip()[-_LAST_WORDS:]}")
    return Proof(tool, prover, int(summary[1]), int(summary[2]), tuple(_unproved(text)))


def _unproved(text: str) -> list[str]:
    return sorted({match[1] for match in _GOAL.finditer(text) if ": Valid" not in match["rest"]})
