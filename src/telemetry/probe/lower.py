"""Turn one operator into source text for a backend."""

from __future__ import annotations

from .backends import BackendDescriptor, Invocation
from .plan import ExecutionGraph
from .tree import Clauses, Operator


def lower(backend: BackendDescriptor, operator: Operator, clause: Clauses, graph: ExecutionGraph) -> Invocation:
    """Render the operator, with all that it calls in the graph, and the command that builds it.

    Args:
        backend: Who translates.
        operator: One of the graph's operators.
        clause: Its clauses, `operator.clauses`; their `id` identifies what was promised.
        graph: Where its callees are.

    Raises:
        UnsupportedError: The backend cannot express the operator.
    """
    return backend.render_invocation(operator, clause, graph)
