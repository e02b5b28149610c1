"""The gate: runs cycles with everything kept in memory, and holds it against the contracts.

A cycle that fails does not hide the others, nor what it recorded before it failed.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from telemetry.config import Settings
from telemetry.contracts import without_credentials
from telemetry.errors import PipelineError
from telemetry.operations.live import LiveReport
from telemetry.runtime import Basket, TelemetryDispatcher, install, retire
from telemetry.signals import Finding

from .backends import BackendDescriptor
from .check import STAGES, Expected, Recorded, check, examine
from .crew import Crew
from .cycle import Job, Outcome, Progress, measure_readiness, run
from .foreign import Foreign, foreign
from .readiness import Readiness
from .verify import Testing

_INTERRUPTED = "pipeline-interrupted"
"""The rule of a finding that says that somebody interrupted the pipeline."""

_ALWAYS = ("pipeline_latency_seconds", "backend_missing_binaries", "backend_maturity")
_VERIFIED = ("lowering_duration_seconds", "compile_success_total", "verification_total", "verification_block_rate")
_PACKAGED = ("offline_bundle_size_bytes",)
_EVENTS = ("pipeline.start", "spec.parsed", "plan.ready", "pipeline.end")
_BUILD_EVENTS = ("compile.start", "compile.end")


@final
@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle that was tried: its outcome, or the error that stopped it."""

    spec: Path
    backend: str
    outcome: Outcome | None
    error: PipelineError | None


@final
@dataclass(frozen=True, slots=True)
class Report:
    """What a probe found.

    Attributes:
        findings: Everything that is wrong; no error among them means that the contracts hold.
        live: What the live check says of it, with the coverage of the contracts.
        foreign: What no contract is about.
    """

    cycles: Sequence[Cycle]
    readiness: Readiness | None
    recorded: Recorded
    findings: Sequence[Finding]
    live: LiveReport
    foreign: Foreign = field(default_factory=Foreign)

    @property
    def is_passed(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.level == "error" for finding in self.findings)


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """What to probe: each specification with each backend; `workers` processes build, where that is not 0."""

    specs: Sequence[Path]
    backends: Sequence[BackendDescriptor]
    folder: Path
    revision: str | None = None
    use_cache: bool = True
    timeout_seconds: float = 60.0
    proof_seconds: float | None = None
    testing: Testing = field(default_factory=Testing)
    progress: Progress = lambda _stage, _subject: None
    expect_blocked: bool = False
    workers: int = 0


def probe(plan: Plan, settings: Settings) -> Report:
    """Run every cycle of a plan, and check what was recorded.

    Raises:
        ConfigurationError: A way out that the settings ask for cannot be opened.
        ContractError: The registry is wrong, or lacks what the pipeline records.
    """
    with _recording(settings) as (runtime, basket):
        found = measure_readiness()
        cycles = [_tried(plan, runtime, spec, backend) for spec in plan.specs for backend in plan.backends]
        recorded = _recorded(runtime, basket)
        sent = [*_sending_findings(runtime)]
    live = examine(recorded, runtime.registry)
    checked = check(recorded, runtime.registry, _expected(cycles, plan), live)
    findings = [*_cycle_findings(cycles, plan), *sent, *checked]
    return Report(cycles, found, recorded, findings, live, _foreign(recorded, runtime))


def probe_function(function: Callable[[], Any], settings: Settings) -> Report:
    """Call a pipeline of the user's own once, or await it, and check what it recorded.

    Raises:
        ConfigurationError: As `probe`.
        ContractError: As `probe`.
    """
    findings: list[Finding] = []
    place = _place(function)
    with _recording(settings) as (runtime, basket):
        if problem := _failure(function):
            rule = _INTERRUPTED if problem.startswith(KeyboardInterrupt.__name__) else "pipeline-failed"
            findings.append(Finding("error", rule, place, problem, "make the pipeline succeed"))
        recorded = _recorded(runtime, basket)
        findings += _sending_findings(runtime)
    if not recorded.own_spans:
        findings.append(Finding("error", "span-missing", place, "no span came out", "decorate its stages"))
    live = examine(recorded, runtime.registry)
    findings += check(recorded, runtime.registry, Expected(one_trace=True), live)
    return Report((), None, recorded, findings, live, _foreign(recorded, runtime))


def _failure(function: Callable[[], Any]) -> str:
    """Call a function, and await what it gives; say what it raised."""
    try:
        result = function()
        if isinstance(result, Coroutine):
            asyncio.run(result)
    except BaseException as error:  # noqa: BLE001 -- the user's pipeline may raise anything; what it recorded still counts
        is_well = isinstance(error, SystemExit) and not error.code
        return "" if is_well else without_credentials(f"{type(error).__name__}: {error}")
    return ""


def _place(function: Callable[[], Any]) -> str:
    """Say which function it is, and where it stands."""
    name = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', type(function).__name__)}"
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name


@contextmanager
def _recording(settings: Settings) -> Iterator[tuple[TelemetryDispatcher, Basket]]:
    basket = Basket()
    runtime = TelemetryDispatcher(settings, sinks=(basket,), log_sinks=(basket,), quiet=True)
    before = install(runtime)
    try:
        yield runtime.start(), basket
    finally:
        retire(runtime)
        install(before)


def _tried(plan: Plan, runtime: TelemetryDispatcher, spec: Path, backend: BackendDescriptor) -> Cycle:
    job = Job(
        spec=spec,
        backend=backend,
        folder=plan.folder,
        run_id=runtime.run_id,
        revision=plan.revision,
        use_cache=plan.use_cache,
        timeout_seconds=plan.timeout_seconds,
        proof_seconds=plan.proof_seconds,
        testing=plan.testing,
        progress=plan.progress,
        workers=plan.workers,
    )
    try:
        return Cycle(spec, backend.name, run(job), None)
    except PipelineError as error:
        return Cycle(spec, backend.name, None, error)
    except OSError as error:
        problem = PipelineError(f"{error.strerror or error}: {error.filename or plan.folder}")
        problem.code = "io"
        return Cycle(spec, backend.name, None, problem)
    except Exception as error:  # noqa: BLE001 -- a defect of one cycle must not hide the results of the others
        return Cycle(spec, backend.name, None, PipelineError(f"{type(error).__name__}: {error}"))


def _recorded(runtime: TelemetryDispatcher, basket: Basket) -> Recorded:
    runtime.hand_over()
    crew = Crew(runtime)
    spans = [*basket.records, *crew.spans]
    return Recorded(spans, crew.families(), basket.lines, runtime.losses(), runtime.breaches.named())


def _foreign(recorded: Recorded, runtime: TelemetryDispatcher) -> Foreign:
    return foreign(recorded.spans, recorded.families, runtime.registry)


def _sending_findings(runtime: TelemetryDispatcher) -> Iterator[Finding]:
    if not runtime.flush():
        place = f"endpoint {runtime.settings.endpoint}"
        remedy = "start what should listen there, or unset TELEMETRY_EXPORTER_ENDPOINT"
        yield Finding("error", "export-failed", place, "not everything arrived", remedy)


def _cycle_findings(cycles: Sequence[Cycle], plan: Plan) -> Iterator[Finding]:
    for cycle in cycles:
        place = f"{cycle.spec} with {cycle.backend}"
        if cycle.error is not None:
            yield Finding(
                "error", f"cycle-{cycle.error.code}", place, str(cycle.error), "see the failed span of its trace"
            )
        elif cycle.outcome is not None:
            yield from _verdict_findings(place, cycle.outcome, plan)


def _verdict_findings(place: str, outcome: Outcome, plan: Plan) -> Iterator[Finding]:
    if plan.expect_blocked and not outcome.blocked:
        problem = "verification blocked nothing, and should have"
        yield Finding("error", "cycle-not-blocked", place, problem, "correct the specification or the verifier")
    for verdict in () if plan.expect_blocked else outcome.blocked:
        for violation in verdict.violations:
            inputs = ", ".join(f"{name}={value}" for name, value in violation.inputs.items())
            problem = f"{verdict.operator}, line {violation.line}: {violation.clause}: {violation.problem} ({inputs})"
            yield Finding("error", "cycle-blocked", place, problem, "correct the operator or its clause")


def _expected(cycles: Sequence[Cycle], plan: Plan) -> Expected:
    """Ask for what must be there, given how far the cycles came; what workers log goes to their own standard error."""
    outcomes = [cycle.outcome for cycle in cycles if cycle.outcome is not None]
    packaged = [outcome for outcome in outcomes if outcome.package is not None]
    whole = len(packaged) == len(cycles)
    metrics = (*_ALWAYS, *(_VERIFIED if outcomes else ()), *(_PACKAGED if packaged else ()))
    built = () if plan.workers else _BUILD_EVENTS
    events = (*((*_EVENTS, *built) if outcomes else ()), *(("package.end",) if packaged else ()))
    stages = STAGES if whole else STAGES[:-1] if len(outcomes) == len(cycles) else ()
    return Expected(spans=("pipeline.run", *stages), metrics=metrics, events=events)
