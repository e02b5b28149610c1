"""What verification found, and the evidence for it.

The evidence is one JSON document with sorted keys and neither times nor folders in it, so that the same code and the
same tools give the same bytes; its hash is the provenance id. `verify` makes it and `package` ships it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from .datatypes import Value


@final
@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that compiled code does not keep, with the simplest inputs that were found.

    Attributes:
        clause: The clause's text with `ensures` before it; `the language` for a fault, `the reference` for a result
            that the interpreter does not have, `requires` clauses where no input satisfies them.
        line: Where the clause stands, or the operator.
        inputs: The value of each parameter.
        result: What was returned; None when nothing was.
        problem: What is wrong, as a sentence.
    """

    clause: str
    line: int
    inputs: Mapping[str, Value]
    result: Value | None
    problem: str


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an operator's compiled code may be shipped.

    Attributes:
        backend: The backend's name.
        operator: The operator's name.
        outcome: `passed`, or `blocked` by at least one violation.
        violations: One for each broken promise.
        evidence: The JSON document.
    """

    backend: str
    operator: str
    outcome: Literal["passed", "blocked"]
    violations: tuple[Violation, ...]
    evidence: str

    @property
    def provenance_id(self) -> str:
        """The SHA-256 of the evidence, in hex."""
        return hashlib.sha256(self.evidence.encode()).hexdigest()
