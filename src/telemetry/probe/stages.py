"""The six stages as a pipeline engineer writes them: decorated functions that log what they do.

Each calls one of the modules beside it, which know nothing of telemetry. `cycle` puts them in order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from telemetry.context import current_span
from telemetry.errors import PipelineError, SpecError
from telemetry.logs import get_logger
from telemetry.pipeline import ArtefactStore
from telemetry.pipeline import compile as compile_stage
from telemetry.pipeline import lower as lower_stage
from telemetry.pipeline import package as package_stage
from telemetry.pipeline import parse as parse_stage
from telemetry.pipeline import plan as plan_stage
from telemetry.pipeline import verify as verify_stage

from .backends import BackendDescriptor, Invocation
from .cache import BuildCache
from .compile import CompiledArtefact
from .compile import compile as build
from .lower import lower as render
from .package import Package
from .package import package as bundle
from .parse import parse as read
from .plan import ExecutionGraph
from .plan import plan as order
from .signing import open_signing_key
from .tree import Clauses, Operator, Spec
from .verdict import Verdict
from .verify import Testing
from .verify import verify as examine

log = get_logger("probe")


@parse_stage
def parse(path: Path) -> Spec:
    """Read and check a specification."""
    begun = time.monotonic()
    try:
        spec = read(path)
    except SpecError as error:
        log.error("spec.rejected", spec=path.name, line=error.line, column=error.column, error_code=error.code)
        raise
    log.info("spec.parsed", spec=spec.name, operators=len(spec.operators), duration_seconds=_since(begun))
    return spec


@plan_stage
def plan(spec: Spec) -> ExecutionGraph:
    """Put the operators in order."""
    begun = time.monotonic()
    graph = order(spec)
    log.info("plan.ready", nodes=len(graph.nodes), digest=graph.digest, duration_seconds=_since(begun))
    return graph


@lower_stage
def lower(backend: BackendDescriptor, operator: Operator, clause: Clauses, graph: ExecutionGraph) -> Invocation:
    """Render one operator for one backend."""
    begun = time.monotonic()
    invocation = render(backend, operator, clause, graph)
    span = current_span()
    if span is not None:
        span.set_attribute("lowering.duration_seconds", _since(begun))
    log.debug("lower.end", backend=backend.name, operator=operator.name, clause_id=clause.id)
    return invocation


@compile_stage
def compile(  # noqa: A001 -- the stage's name
    backend: BackendDescriptor,
    invocation: Invocation,
    workspace: Path,
    *,
    cache: BuildCache | None,
    artefacts: ArtefactStore,
    timeout_seconds: float,
) -> CompiledArtefact:
    """Build one operator."""
    begun = time.monotonic()
    log.info("compile.start", backend=backend.name, operator=invocation.operator)
    with _logged_failure("compile.end", backend=backend.name, operator=invocation.operator):
        built = build(backend, invocation, workspace, cache=cache, artefacts=artefacts, timeout_seconds=timeout_seconds)
    log.info(
        "compile.end",
        backend=backend.name,
        operator=invocation.operator,
        toolchain=built.binary,
        exit_status=built.exit_status,
        cache_hit=built.cache_hit,
        duration_seconds=_since(begun),
    )
    return built


@verify_stage
def verify(
    backend: BackendDescriptor,
    operator: Operator,
    artefact: CompiledArtefact,
    graph: ExecutionGraph,
    *,
    testing: Testing,
    proof_seconds: float | None,
    artefacts: ArtefactStore,
) -> Verdict:
    """Hold one operator's compiled code against its clauses."""
    begun = time.monotonic()
    verdict = examine(
        backend, operator, artefact, graph, testing=testing, proof_seconds=proof_seconds, artefacts=artefacts
    )
    span = current_span()
    if span is not None:
        span.set_attribute("operator.name", operator.name)
    common = {"backend": backend.name, "operator": operator.name, "duration_seconds": _since(begun)}
    if verdict.outcome == "passed":
        checks = len(operator.clauses.ensures)
        log.info("verify.pass", provenance_id=verdict.provenance_id, checks=checks, **common)
    else:
        first = verdict.violations[0]
        log.warning(
            "verify.block",
            provenance_id=verdict.provenance_id,
            clause=first.clause,
            clause_id=operator.clauses.id,
            line=first.line,
            inputs=json.dumps(first.inputs),
            violations=len(verdict.violations),
            **common,
        )
    return verdict


@package_stage
def package(
    graph: ExecutionGraph,
    artefacts: Sequence[CompiledArtefact],
    verdicts: Sequence[Verdict],
    *,
    target: str,
    revision: str,
    destination: Path,
    keys: Path,
) -> Package:
    """Bundle and sign what passed."""
    begun = time.monotonic()
    with _logged_failure("package.end", target=target, revision=revision):
        made = bundle(
            graph,
            artefacts,
            verdicts,
            target=target,
            revision=revision,
            destination=destination,
            signing_key=open_signing_key(keys),
        )
    log.info(
        "package.end",
        target=target,
        revision=revision,
        size_bytes=made.size_bytes,
        package_sha256=made.sha256,
        duration_seconds=_since(begun),
    )
    return made


@contextmanager
def _logged_failure(event: str, **fields: str) -> Iterator[None]:
    try:
        yield
    except PipelineError as error:
        log.error(event, error_code=error.code, **fields)
        raise


def _since(begun: float) -> float:
    return time.monotonic() - begun
