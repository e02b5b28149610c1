"""The reference pipeline: specifications, compiled for real, verified, and packaged.

It is what `telemetry probe` measures, and an example of what the SDK instruments.
"""

from __future__ import annotations

from .arithmetic import Fault
from .backends import BackendDescriptor, Invocation, Maturity, backend, backends
from .cache import BuildCache
from .compile import CompiledArtefact, Output, compile  # noqa: A004 - the stage's name
from .interpreter import Exhausted, Interpreter
from .lower import lower
from .package import Package, package, verify_package
from .parse import parse, parse_text
from .plan import ExecutionGraph, Node, plan
from .proof import Proof, prove
from .readiness import Readiness, readiness
from .signing import open_signing_key, public_key_text
from .tree import Clause, Clauses, Operator, Spec
from .verdict import Verdict, Violation
from .verify import Testing, verify

__all__ = (
    "BackendDescriptor",
    "BuildCache",
    "Clause",
    "Clauses",
    "CompiledArtefact",
    "ExecutionGraph",
    "Exhausted",
    "Fault",
    "Interpreter",
    "Invocation",
    "Maturity",
    "Node",
    "Operator",
    "Output",
    "Package",
    "Proof",
    "Readiness",
    "Spec",
    "Testing",
    "Verdict",
    "Violation",
    "backend",
    "backends",
    "compile",
    "lower",
    "open_signing_key",
    "package",
    "parse",
    "parse_text",
    "plan",
    "prove",
    "public_key_text",
    "readiness",
    "verify",
    "verify_package",
)
