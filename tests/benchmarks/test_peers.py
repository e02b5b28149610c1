"""The peers: they must do the work that they are compared by, all of it."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec

from benchmarks import worker
from benchmarks.harness import Effort
from benchmarks.peers import lacks, opentelemetry_tracing
from benchmarks.rows import ROWS

SPANS = 5000


def test_no_span_of_opentelemetry_is_dropped() -> None:
    """More spans than the default queue holds all reach the exporter by the time that a round is settled."""
    with ExitStack() as stack:
        tracing = opentelemetry_tracing(stack)
        for _ in range(SPANS):
            tracing.tracer.start_span("codegen.lower").end()
        tracing.settle()
        assert tracing.exported.spans == SPANS


def test_encoded_spans_become_bytes() -> None:
    """The case with the encoder in it really encodes: a span takes at least its 24 bytes of ids."""
    with ExitStack() as stack:
        tracing = opentelemetry_tracing(stack, encode=True)
        for _ in range(SPANS):
            tracing.tracer.start_span("codegen.lower").end()
        tracing.settle()
        assert tracing.exported.bytes > 24 * SPANS


def test_case_names_say_their_row() -> None:
    """A case is named by its row and by who does the work, and no name is taken twice."""
    names = [(name, case.name) for name, row in ROWS.items() for case in row.cases]
    assert all(name.startswith(f"{row}/") for row, name in names)
    assert len({name for _, name in names}) == len(names)


def test_peer_that_is_not_installed_is_left_out_by_name() -> None:
    """A case without its library does not run, and says which command has it."""
    assert lacks("sys")() == ""
    assert lacks("no_such_library")() == "no_such_library is not installed; `make bench-peers` runs with it"
    result = worker.run("span", "span/*dd*", Effort(rounds=1, round_ns=1000))
    if find_spec("ddtrace") is None:
        assert result["missing"] == {"span/ddtrace": lacks("ddtrace")()}
