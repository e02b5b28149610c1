"""The ready-made decorators of the six stages: spans and metrics as the `pipeline` pack asks.

Use one bare, `@pipeline.lower`, where the function's parameters have the names of the defaults, or with the paths of
its own: `@pipeline.lower(backend="job.backend", operator="op")`. A backend or operator may be a name or an object
with a `name`. What a stage returns is read where it has the attribute that is named in the docstring, and needs to
have none of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar, final, overload

from telemetry.instrument import Converted, instrument_span, record_metric

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
Given = str | Callable[[Any], Any]
Decorate = Callable[[Any], Any]

ERROR_CODES = frozenset(
    ("syntax", "schema", "unsupported", "timeout", "toolchain_missing", "toolchain_failed", "out_of_memory", "io")
)
"""What the `error_code` label may say besides `internal`."""


@final
class Stage(Generic[P]):
    """A decorator that is used bare or with options; either way a function keeps its type."""

    def __init__(self, declare: Callable[P, Decorate]) -> None:
        self._declare = declare
        update_wrapper(self, declare)

    @overload
    def __call__(self, function: F, /) -> F: ...

    @overload
    def __call__(self, *args: P.args, **options: P.kwargs) -> Callable[[F], F]: ...

    def __call__(self, *bare: Any, **options: Any) -> Any:
        """Decorate a function, or give the decorator that these options make."""
        decorate = self._declare(**options)  # type: ignore[call-arg]  # `P` has keywords with defaults only
        return decorate(*bare) if bare else decorate


@Stage
def parse(*, path: Given = "path") -> Decorate:
    """Decorate the stage that parses and validates a specification: span `spec.parse`.

    Reads `name`, `digest` and the length of `operators` from what is returned.
    """
    results: dict[str, Given] = {
        "spec.name": _attribute("name"),
        "spec.digest": _attribute("digest"),
        "spec.operators": lambda spec: _length(spec, "operators"),
    }
    return _stage("spec.parse", {"spec.path": path}, results)


@Stage
def plan() -> Decorate:
    """Decorate the stage that makes the execution graph: span `plan.compile_graph`.

    Reads `digest` and the length of `nodes` from what is returned.
    """
    results: dict[str, Given] = {
        "graph.digest": _attribute("digest"),
        "graph.nodes": lambda graph: _length(graph, "nodes"),
    }
    return _stage("plan.compile_graph", {}, results)


@Stage
def lower(
    *,
    backend: str = "backend",
    operator: str = "operator",
    clause: str = "clause",
    maturity: Given | None = None,
) -> Any:
    """Decorate a lowering: span `codegen.lower`, histogram `lowering_duration_seconds`.

    `clause` leads to the clause's text, to several, or to an object with an `id`; `maturity` by default to the
    backend's attribute of that name.
    """
    capture = {
        "backend.name": Converted(backend, name_of),
        "operator.name": Converted(operator, name_of),
        "clause.id": Converted(clause, clause_id),
    }
    labels = {
        "backend": capture["backend.name"],
        "operator": capture["operator.name"],
        "maturity": maturity or f"{backend}.maturity",
    }
    return _stage("codegen.lower", capture, {}, record_metric("lowering_duration_seconds", capture=labels))


@Stage
def compile(*, backend: str = "backend") -> Decorate:  # noqa: A001 -- the stage's name
    """Decorate a compilation: span `compile.execute`, counters `compile_success_total` and `compile_failure_total`.

    Reads `cache_hit`, `binary`, `exit_status`, `toolchain_version` and `outputs` from what is returned.
    """
    name = Converted(backend, name_of)
    results: dict[str, Given] = {
        "build.cache_hit": _attribute("cache_hit"),
        "toolchain.binary": _attribute("binary"),
        "toolchain.exit_status": _attribute("exit_status"),
        "toolchain.version": _attribute("toolchain_version"),
        "toolchain.outputs": _attribute("outputs"),
    }
    return _stage(
        "compile.execute",
        {"backend.name": name},
        results,
        record_metric("compile_success_total", on="success", capture={"backend": name}),
        record_metric(
            "compile_failure_total", on="failure", capture={"backend": name}, error={"error_code": error_code}
        ),
    )


@Stage
def verify(*, backend: str = "backend") -> Decorate:
    """Decorate a verification: span `verify.run`, counter `verification_total`, whose ratio is the block rate.

    Reads `provenance_id`, `outcome` (`passed` or `blocked`), and the lengths of `checks` and `violations` from what
    is returned.
    """
    name = Converted(backend, name_of)
    results: dict[str, Given] = {
        "provenance.id": _attribute("provenance_id"),
        "verify.outcome": _attribute("outcome"),
        "verify.checks": lambda verdict: _length(verdict, "checks"),
        "verify.violations": lambda verdict: _length(verdict, "violations"),
    }
    return _stage(
        "verify.run",
        {"backend.name": name},
        results,
        *(_outcomes(outcome, name) for outcome in ("passed", "blocked")),
    )


@Stage
def package(*, target: str = "target", revision: str = "revision") -> Decorate:
    """Decorate the packaging: span `distribute.package`, summary `offline_bundle_size_bytes`.

    Reads `size_bytes`, which it must have, `sha256`, `path` and `provenance_id` from what is returned.
    """
    capture = {"target": target, "revision": revision}
    results: dict[str, Given] = {
        "size_bytes": "size_bytes",
        "package.sha256": _attribute("sha256"),
        "package.path": _attribute("path"),
        "provenance.id": _attribute("provenance_id"),
    }
    size = record_metric("offline_bundle_size_bytes", capture=capture, value=lambda made: float(made.size_bytes))
    return _stage("distribute.package", capture, results, size)


def name_of(value: object) -> str:
    """Give the name of a backend or operator: itself when it is text, else its `name`."""
    return value if isinstance(value, str) else str(getattr(value, "name", value))


def clause_id(value: Any) -> str:
    """Give the id of a clause: its own `id`, or the SHA-256 of its text, in hex; several texts are joined by lines."""
    own = getattr(value, "id", None)
    if isinstance(own, str):
        return own
    text = value if isinstance(value, str) else "\n".join(str(getattr(part, "text", part)) for part in value)
    return hashlib.sha256(text.encode()).hexdigest()


def error_code(error: BaseException) -> str:
    """Give the `error_code` label of an exception: its own `code` where the contracts know that, else `internal`."""
    code = getattr(error, "code", None)
    return code if code in ERROR_CODES else "internal"


def _stage(
    name: str, capture: Mapping[str, Given], results: Mapping[str, Given], *metrics: Callable[[Any], Any]
) -> Decorate:
    task = {"cicd.pipeline.task.name": _TASKS[name]}

    def decorate(target: Any) -> Any:
        for metric in metrics:
            target = metric(target)
        return instrument_span(name, attributes=task, capture=capture, result=results)(target)

    return decorate


_TASKS = {
    "spec.parse": "parse",
    "plan.compile_graph": "plan",
    "codegen.lower": "lower",
    "compile.execute": "compile",
    "verify.run": "verify",
    "distribute.package": "package",
}


def _outcomes(outcome: str, backend: Given) -> Callable[[Any], Any]:
    """Count a verdict under its own outcome, and 0 under the other: both series exist from the first verdict on."""
    return record_metric(
        "verification_total",
        labels={"outcome": outcome},
        capture={"backend": backend},
        value=lambda verdict: float(verdict.outcome == outcome),
    )


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(value, name, None)


def _length(value: Any, name: str) -> int | None:
    parts = getattr(value, name, None)
    return None if parts is None else len(parts)
