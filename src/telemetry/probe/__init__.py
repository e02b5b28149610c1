"""The reference pipeline, which `telemetry probe` measures: compiled for real, verified, and packaged."""

from __future__ import annotations

from .aftermath import Aftermath
from .arithmetic import Fault
from .backends import BackendDescriptor, Invocation, Maturity, backend, backends
from .cache import BuildCache
from .check import Expected, Recorded, check
from .compile import CompiledArtefact, Output, compile  # noqa: A004 - the stage's name
from .cycle import Job, Outcome, measure_readiness, run
from .foreign import Foreign
from .gate import Cycle, Plan, Report, probe, probe_function
from .interpreter import Exhausted, Interpreter
from .lower import lower
from .package import Package, package, verify_package
from .parse import parse, parse_text
from .plan import ExecutionGraph, Node, plan
from .proof import Proof, prove
from .readiness import Readiness, readiness
from .report import as_json, as_text
from .signing import open_signing_key, public_key_text
from .tree import Clause, Clauses, Operator, Spec
from .verdict import Verdict, Violation
from .verify import Testing, verify

__all__ = (
    "Aftermath",
    "BackendDescriptor",
    "BuildCache",
    "Clause",
    "Clauses",
    "CompiledArtefact",
    "Cycle",
    "ExecutionGraph",
    "Exhausted",
    "Expected",
    "Fault",
    "Foreign",
    "Interpreter",
    "Invocation",
    "Job",
    "Maturity",
    "Node",
    "Operator",
    "Outcome",
    "Output",
    "Package",
    "Plan",
    "Proof",
    "Readiness",
    "Recorded",
    "Report",
    "Spec",
    "Testing",
    "Verdict",
    "Violation",
    "as_json",
    "as_text",
    "backend",
    "backends",
    "check",
    "compile",
    "lower",
    "measure_readiness",
    "open_signing_key",
    "package",
    "parse",
    "parse_text",
    "plan",
    "probe",
    "probe_function",
    "prove",
    "public_key_text",
    "readiness",
    "run",
    "verify",
    "verify_package",
)
