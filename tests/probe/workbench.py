"""What tests of the reference pipeline share: specifications from text, and builds of them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.engines import is_there

from telemetry.probe import (
    BackendDescriptor,
    CompiledArtefact,
    ExecutionGraph,
    Interpreter,
    Invocation,
    Operator,
    Testing,
    Verdict,
    backend,
    compile,  # noqa: A004 - the stage's name
    lower,
    parse_text,
    plan,
    verify,
)
from telemetry.probe.datatypes import Value

SPECS: Final = Path(__file__).parents[2] / "examples" / "specs"
BACKENDS: Final = tuple(name for name in ("c-clang", "c-gcc", "llvm-ir", "python") if is_there(*backend(name).binaries))
QUICK: Final = Testing(cases=64)


@dataclass(frozen=True, slots=True)
class Build:
    """One operator, compiled by one backend."""

    graph: ExecutionGraph
    operator: Operator
    invocation: Invocation
    artefact: CompiledArtefact

    def verdict(self, testing: Testing = QUICK, proof_seconds: float | None = None) -> Verdict:
        """Verify what was built."""
        descriptor = backend(self.invocation.backend)
        return verify(
            descriptor, self.operator, self.artefact, self.graph, testing=testing, proof_seconds=proof_seconds
        )


def planned(text: str) -> ExecutionGraph:
    """Parse and plan a specification that is written in a test."""
    return plan(parse_text(textwrap.dedent(text), Path("test.spec")))


def built(graph: ExecutionGraph, by: str | BackendDescriptor, workspace: Path, operator: str | None = None) -> Build:
    """Lower and compile an operator; by default the one that nothing calls."""
    descriptor = backend(by) if isinstance(by, str) else by
    chosen = graph.operators[-1] if operator is None else graph.spec.operator(operator)
    invocation = lower(descriptor, chosen, chosen.clauses, graph)
    return Build(graph, chosen, invocation, compile(descriptor, invocation, workspace))


def evaluated(text: str, *inputs: Value) -> Value:
    """Run the last operator of a specification in the interpreter."""
    graph = planned(text)
    return interpreter_of(graph).run(graph.operators[-1], inputs)


def interpreter_of(graph: ExecutionGraph, steps: int = 100_000) -> Interpreter:
    """Make the interpreter of a specification."""
    tables: dict[str, Sequence[int]] = {constant.name: constant.elements for constant in graph.spec.constants}
    return Interpreter({operator.name: operator for operator in graph.operators}, tables, steps=steps)
