"""One cycle of the reference pipeline: a specification and a backend in, a package or a reason out.

A span around the whole run is the root of its trace; the six stages lie below it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, final

from telemetry.context import propagate
from telemetry.errors import PipelineError
from telemetry.instrument import instrument_span, metric, record_metric
from telemetry.logs import get_logger
from telemetry.pipeline import ArtefactStore

from .backends import BackendDescriptor, backends
from .cache import BuildCache
from .compile import CompiledArtefact
from .package import Package
from .plan import ExecutionGraph
from .readiness import Readiness, readiness
from .stages import compile, lower, package, parse, plan, verify  # noqa: A004 -- the stage's name
from .tree import Operator
from .verdict import Verdict
from .verify import Testing

PIPELINE = "telemetry-probe"

log = get_logger("probe")

Progress = Callable[[str, str], None]
"""Called with the span name of the stage that starts, and what it works on."""


def _silent(_stage: str, _subject: str) -> None:
    """Show nothing: in a worker nobody looks."""


@final
@dataclass(frozen=True, slots=True)
class Job:
    """What to run, and how.

    Attributes:
        folder: Where builds, stored outputs, packages and the signing key lie.
        run_id: The id of the run, on its root span and its log lines.
        revision: The revision of the specification; by default the start of its digest.
        use_cache: Whether an earlier build may be taken.
        timeout_seconds: How long one toolchain run may take.
        proof_seconds: How long a prover may take; None asks for no proof.
        workers: How many processes lower and compile the operators; 0 is this one.
    """

    spec: Path
    backend: BackendDescriptor
    folder: Path
    run_id: str
    revision: str | None = None
    use_cache: bool = True
    timeout_seconds: float = 60.0
    proof_seconds: float | None = None
    testing: Testing = field(default_factory=Testing)
    progress: Progress = _silent
    workers: int = 0


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cycle came to.

    Attributes:
        result: `success`, or `failure` when verification blocked an artefact (`cicd.pipeline.result`).
        verdicts: One an operator.
        package: What was written; None when an artefact was blocked.
    """

    result: Literal["success", "failure"]
    artefacts: tuple[CompiledArtefact, ...]
    verdicts: tuple[Verdict, ...]
    package: Package | None

    @property
    def blocked(self) -> tuple[Verdict, ...]:
        """The verdicts that stopped the package."""
        return tuple(verdict for verdict in self.verdicts if verdict.outcome == "blocked")


@instrument_span(
    "pipeline.run",
    kind="server",
    attributes={"cicd.pipeline.name": PIPELINE, "cicd.pipeline.action.name": "BUILD"},
    capture={"cicd.pipeline.run.id": "job.run_id", "backend.name": "job.backend.name"},
    result={"cicd.pipeline.result": "result"},
)
@record_metric("pipeline_latency_seconds", capture={"backend": "job.backend.name"})
def run(job: Job) -> Outcome:
    """Run the six stages; an artefact that verification blocks is not packaged.

    Raises:
        PipelineError: A stage failed; the error has a code, and for a specification its line and column.
    """
    begun = time.monotonic()
    log.info("pipeline.start", pipeline=PIPELINE, spec=job.spec.name)
    try:
        outcome = _stages(job)
    except PipelineError as error:
        result = "timeout" if error.code == "timeout" else "failure"
        taken = time.monotonic() - begun
        log.error("pipeline.end", pipeline=PIPELINE, result=result, duration_seconds=taken, error_code=error.code)
        raise
    taken = time.monotonic() - begun
    log.info("pipeline.end", pipeline=PIPELINE, result=outcome.result, duration_seconds=taken)
    return outcome


def measure_readiness() -> Readiness:
    """Record what this host has for every backend: `backend_missing_binaries` and `backend_maturity`."""
    found = readiness(backends().values())
    for name, missing in found.missing.items():
        metric("backend_missing_binaries").labels(backend=name).set(len(missing))
    for maturity, count in found.maturities.items():
        metric("backend_maturity").labels(maturity=maturity).set(count)
    return found


def _stages(job: Job) -> Outcome:
    job.progress("spec.parse", job.spec.name)
    spec = parse(job.spec)
    job.progress("plan.compile_graph", spec.name)
    graph = plan(spec)
    store = ArtefactStore(job.folder / "outputs")
    artefacts = _all_built(job, graph, store)
    verdicts = [
        _verified(job, graph, operator, artefact, store)
        for operator, artefact in zip(graph.operators, artefacts, strict=True)
    ]
    if any(verdict.outcome == "blocked" for verdict in verdicts):
        return Outcome("failure", tuple(artefacts), tuple(verdicts), None)
    return Outcome("success", tuple(artefacts), tuple(verdicts), _packaged(job, graph, artefacts, verdicts))


def _all_built(job: Job, graph: ExecutionGraph, store: ArtefactStore) -> list[CompiledArtefact]:
    if not job.workers:
        return [_built(job, graph, store, operator) for operator in graph.operators]
    build = propagate(partial(_built, replace(job, progress=_silent), graph, store))
    with ProcessPoolExecutor(job.workers, get_context("spawn")) as pool:
        return list(pool.map(build, graph.operators))


def _built(job: Job, graph: ExecutionGraph, store: ArtefactStore, operator: Operator) -> CompiledArtefact:
    job.progress("codegen.lower", operator.name)
    invocation = lower(job.backend, operator, operator.clauses, graph)
    job.progress("compile.execute", operator.name)
    return compile(
        job.backend,
        invocation,
        job.folder / "build" / job.backend.name / operator.name,
        cache=BuildCache(job.folder / "cache") if job.use_cache else None,
        artefacts=store,
        timeout_seconds=job.timeout_seconds,
    )


def _verified(
    job: Job, graph: ExecutionGraph, operator: Operator, artefact: CompiledArtefact, store: ArtefactStore
) -> Verdict:
    job.progress("verify.run", operator.name)
    return verify(
        job.backend,
        operator,
        artefact,
        graph,
        testing=job.testing,
        proof_seconds=job.proof_seconds,
        artefacts=store,
    )


def _packaged(
    job: Job, graph: ExecutionGraph, artefacts: Sequence[CompiledArtefact], verdicts: Sequence[Verdict]
) -> Package:
    job.progress("distribute.package", graph.spec.name)
    return package(
        graph,
        artefacts,
        verdicts,
        target=f"{platform.system()}-{platform.machine()}".lower(),
        revision=job.revision or graph.spec.digest[:12],
        destination=job.folder / "packages",
        keys=job.folder / "keys",
    )
