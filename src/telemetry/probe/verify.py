"""Hold compiled code against its clauses, and against the reference interpreter.

Testing blocks: one input on which a clause fails, or on which the code and the interpreter differ, is enough. Proof
informs: a goal that is not proved is noted in the evidence. `compile` comes before, `package` after.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Final, final

from telemetry.pipeline import ArtefactStore

from .arithmetic import Fault
from .backends import BackendDescriptor
from .compile import CompiledArtefact
from .datatypes import Value
from .inputs import candidates
from .interpreter import Exhausted, Interpreter
from .plan import ExecutionGraph
from .proof import Proof, prove
from .tree import Operator
from .trial import Outcome, try_out
from .verdict import Verdict, Violation

_DRAWS_A_CASE = 40
# About 20 ms a run; an operator that needs more than this is compared on its clauses only.
_REFERENCE_STEPS = 20_000
_MOST_EXHAUSTED = 3

_TESTING_STATES: Final = (
    "The compiled code was run on these many inputs that satisfy `requires`, chosen from the seed. Without violations, "
    "it returned on each of them, every `ensures` held in unbounded integers, and the reference interpreter returned "
    "the same where it came to an end. Nothing is said of other inputs."
)
_PROOF_STATES: Final = (
    "Each proved goal holds of the C text for all inputs that satisfy `requires`, if the checked primitives keep their "
    "contracts and the compiler is right. A goal that is not proved says nothing."
)


@final
@dataclass(frozen=True, slots=True)
class Testing:
    """How an operator is tested.

    Attributes:
        cases: How many inputs that satisfy `requires`, at most.
        seed: Which ones.
        case_seconds: How long one call may take.
        timeout_seconds: How long all may take.
    """

    __test__ = False

    cases: int = 256
    seed: int = 0
    case_seconds: float = 1.0
    timeout_seconds: float = 60.0


def verify(
    backend: BackendDescriptor,
    operator: Operator,
    artefact: CompiledArtefact,
    graph: ExecutionGraph,
    *,
    testing: Testing = Testing(),
    proof_seconds: float | None = None,
    artefacts: ArtefactStore | None = None,
) -> Verdict:
    """Test an operator's compiled code, and try to prove its C text if asked to.

    Args:
        backend: Who rendered the code.
        operator: What it promises.
        artefact: What was compiled.
        graph: Where the operator's callees are, for the interpreter.
        testing: How much to test.
        proof_seconds: How long a prover may take; None asks for no proof. Backends other than C have none.
        artefacts: Where the tools' messages are kept.

    Raises:
        ToolchainError: The code cannot be loaded (`toolchain_failed`), or all cases take too long (`timeout`). A fault
            or an endless loop of the code under test does not raise; it blocks.
    """
    interpreter = _interpreter(graph)
    drawn, cases = _cases(operator, interpreter, testing)
    outcomes = try_out(
        operator,
        artefact,
        cases,
        case_seconds=testing.case_seconds,
        timeout_seconds=testing.timeout_seconds,
        artefacts=artefacts,
    )
    judge = _Judge(operator, interpreter)
    found = [
        violation
        for case, outcome in zip(cases, outcomes, strict=False)
        for violation in judge.violations(case, outcome)
    ]
    if not cases:
        found.append(_vacuous(operator, drawn))
    violations = tuple(_simplest(found))
    tests = {
        "states": _TESTING_STATES,
        "seed": testing.seed,
        "drawn": drawn,
        "cases": len(cases),
        "tried": len(outcomes),
        "compared_with_reference": judge.compared,
    }
    proof = _proof(artefact, proof_seconds, artefacts)
    evidence = _evidence(backend, operator, artefact, graph, tests, proof, violations)
    return Verdict(backend.name, operator.name, evidence["outcome"], violations, _canonical(evidence))


def _interpreter(graph: ExecutionGraph) -> Interpreter:
    tables = {constant.name: constant.elements for constant in graph.spec.constants}
    return Interpreter({operator.name: operator for operator in graph.operators}, tables, steps=_REFERENCE_STEPS)


def _cases(operator: Operator, interpreter: Interpreter, testing: Testing) -> tuple[int, list[tuple[Value, ...]]]:
    """Draw inputs until enough satisfy `requires`; return how many were drawn, and those."""
    drawn, accepted = 0, []
    for inputs in islice(candidates(operator, testing.seed), testing.cases * _DRAWS_A_CASE):
        drawn += 1
        named = _named(operator, inputs)
        if all(interpreter.holds(clause, named) for clause in operator.clauses.requires):
            accepted.append(inputs)
        if len(accepted) == testing.cases:
            break
    return drawn, accepted


@final
class _Judge:
    """Judges outcomes of one operator; counts in `compared` where the interpreter had a say."""

    __slots__ = ("_exhausted", "_interpreter", "_operator", "compared")

    def __init__(self, operator: Operator, interpreter: Interpreter) -> None:
        self._operator = operator
        self._interpreter = interpreter
        self._exhausted = 0
        self.compared = 0

    def violations(self, inputs: Sequence[Value], outcome: Outcome) -> Iterator[Violation]:
        """Yield what is wrong with the outcome of one case."""
        named = _named(self._operator, inputs)
        line = self._operator.place.line
        expected, fault = self._reference(inputs)
        if outcome.value is None:
            reason = f"; the reference faults too: {fault}" if fault else ""
            yield Violation("the language", line, named, None, f"the compiled code {outcome.failure}{reason}")
            return
        for clause in self._operator.clauses.ensures:
            if not self._interpreter.holds(clause, {**named, "result": outcome.value}):
                yield Violation(str(clause), clause.place.line, named, outcome.value, "the clause does not hold")
        if fault:
            yield Violation("the reference", line, named, outcome.value, f"the reference faults: {fault}")
        elif expected is not None and expected != outcome.value:
            yield Violation("the reference", line, named, outcome.value, f"the reference returns {expected}")

    def _reference(self, inputs: Sequence[Value]) -> tuple[Value | None, str]:
        if self._exhausted == _MOST_EXHAUSTED:
            return None, ""
        try:
            expected = self._interpreter.run(self._operator, inputs)
        except Exhausted:
            self._exhausted += 1
            return None, ""
        except Fault as fault:
            self.compared += 1
            return None, str(fault)
        self.compared += 1
        return expected, ""


def _vacuous(operator: Operator, drawn: int) -> Violation:
    clauses = "; ".join(str(clause) for clause in operator.clauses.requires)
    problem = f"none of {drawn} inputs satisfies it, so nothing could be tested"
    return Violation(clauses, operator.clauses.requires[0].place.line, {}, None, problem)


def _simplest(violations: Iterable[Violation]) -> Iterator[Violation]:
    """Keep, of each broken promise, the violation with the smallest inputs."""
    best: dict[tuple[int, str], Violation] = {}
    for violation in violations:
        promise = (violation.line, violation.clause)
        if promise not in best or _weight(violation) < _weight(best[promise]):
            best[promise] = violation
    yield from (best[promise] for promise in sorted(best))


def _weight(violation: Violation) -> int:
    values = violation.inputs.values()
    return sum(sum(map(abs, value)) if isinstance(value, list) else abs(value) for value in values)


def _named(operator: Operator, inputs: Sequence[Value]) -> dict[str, Value]:
    return {parameter.name: value for parameter, value in zip(operator.parameters, inputs, strict=True)}


def _proof(artefact: CompiledArtefact, seconds: float | None, artefacts: ArtefactStore | None) -> Proof | None:
    source = artefact.output.path.with_name(artefact.invocation.source_name)
    if seconds is None or source.suffix != ".c":
        return None
    return prove(source, timeout_seconds=seconds, artefacts=artefacts)


def _evidence(
    backend: BackendDescriptor,
    operator: Operator,
    artefact: CompiledArtefact,
    graph: ExecutionGraph,
    tests: dict[str, Any],
    proof: Proof | None,
    violations: tuple[Violation, ...],
) -> dict[str, Any]:
    return {
        "format": 1,
        "outcome": "blocked" if violations else "passed",
        "spec": {"name": graph.spec.name, "sha256": graph.spec.digest},
        "operator": operator.name,
        "clauses": {"id": operator.clauses.id, "texts": [str(clause) for clause in operator.clauses.all]},
        "backend": {"name": backend.name, "maturity": backend.maturity, "toolchain": artefact.toolchain_version},
        "source_sha256": artefact.invocation.source_sha256,
        "artefact": {"name": artefact.output.name, "sha256": artefact.output.sha256},
        "testing": tests,
        "proof": None if proof is None else {"states": _PROOF_STATES, **asdict(proof)},
        "violations": [asdict(violation) for violation in violations],
    }


def _canonical(evidence: dict[str, Any]) -> str:
    return json.dumps(evidence, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
