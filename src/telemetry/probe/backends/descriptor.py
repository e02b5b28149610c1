"""What a backend is, and what it makes of an operator.

A descriptor is data: a name, the programs it needs, a translation to text and a command line. It runs nothing; `lower`
renders through it and `compile` runs the result.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, final

from telemetry.probe.plan import ExecutionGraph
from telemetry.probe.tree import Clauses, Operator

Maturity = Literal["experimental", "beta", "stable", "deprecated"]
Interface = Literal["native", "python"]
"""How compiled code is called: a shared object with C's calling convention, or a Python module."""

WORKSPACE: Final = "{workspace}"
"""Stands in a command for the folder that it runs in, so that commands compare equal wherever they run."""


def symbol_of(operator: str) -> str:
    """Return the name that an operator has in compiled code.

    >>> symbol_of("gcd")
    'spec__gcd'
    """
    return f"spec__{operator}"


@final
@dataclass(frozen=True, slots=True)
class Invocation:
    """A source text and the command that builds it.

    Attributes:
        backend: The backend's name.
        operator: The operator that the result exports.
        clause_id: The id of the clauses that the source carries.
        interface: How the result is called.
        symbol: Under which name.
        source_name: The source's file name, relative to the workspace.
        source: Its text.
        argv: The command, with `WORKSPACE` where it names its folder.
        output: The file that it makes, relative to the workspace.
    """

    backend: str
    operator: str
    clause_id: str
    interface: Interface
    symbol: str
    source_name: str
    source: str
    argv: tuple[str, ...]
    output: str

    @property
    def source_sha256(self) -> str:
        """The SHA-256 of the source, in hex."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    def command(self, workspace: str) -> tuple[str, ...]:
        """Return the command for one folder."""
        return tuple(part.replace(WORKSPACE, workspace) for part in self.argv)


@final
@dataclass(frozen=True, slots=True)
class BackendDescriptor:
    """A way from an operator to compiled code.

    Attributes:
        name: The `backend` label of metrics and spans.
        maturity: How far it can be trusted.
        binaries: The programs that it needs; the first is the one that compiles.
        interface: How what it makes is called.
        source_suffix: The ending of its sources, with the dot.
        output_suffix: The ending of what it makes, with the dot.
        translate: Makes the source of an operator and of all that it calls.
        command: Makes the command from the names of source and output.
    """

    name: str
    maturity: Maturity
    binaries: tuple[str, ...]
    interface: Interface
    source_suffix: str
    output_suffix: str
    translate: Callable[[Operator, Clauses, ExecutionGraph], str]
    command: Callable[[str, str], tuple[str, ...]]

    def missing_binaries(self) -> tuple[str, ...]:
        """Return those of its programs that are not found."""
        return tuple(binary for binary in self.binaries if shutil.which(binary) is None)

    def render_invocation(self, operator: Operator, clauses: Clauses, graph: ExecutionGraph) -> Invocation:
        """Translate an operator, with all that it calls, and say how to build it.

        Raises:
            UnsupportedError: The backend cannot express it.
        """
        source_name = operator.name + self.source_suffix
        output = operator.name + self.output_suffix
        return Invocation(
            backend=self.name,
            operator=operator.name,
            clause_id=clauses.id,
            interface=self.interface,
            symbol=symbol_of(operator.name),
            source_name=source_name,
            source=self.translate(operator, clauses, graph),
            argv=self.command(source_name, output),
            output=output,
        )
