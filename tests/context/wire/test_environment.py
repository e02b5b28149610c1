"""The environment as a carrier: a child process goes on with its parent's trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry import context, trace
from opentelemetry.propagators._envcarrier import EnvironmentGetter, EnvironmentSetter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from tests.context.wire.service import HEADER, SPAN, TRACE

from telemetry import attach, current_span, detach, span
from telemetry.config import carrier
from telemetry.context import extract, from_environment, get_baggage, set_baggage, to_environment
from telemetry.context.environ import variable
from telemetry.testing import Recording

SRC = Path(__file__).parents[3] / "src"

CHILD = """
import os, sys
from telemetry.context import attach, current_ids, from_environment, get_baggage
attach(from_environment(os.environ))
print(*current_ids()[:2], dict(get_baggage()))
"""


def test_a_child_goes_on_with_the_trace(recording: Recording) -> None:
    """It gets three variables in its copy of the environment, and ours stays as it is."""
    before = dict(os.environ)
    entry = set_baggage("tenant", "a b")
    remote = attach(extract({"traceparent": HEADER, "tracestate": "a=1"}))
    with span("job") as opened:
        added = to_environment()
    detach(remote)
    detach(entry)
    assert added == {
        "TRACEPARENT": f"00-{TRACE}-{opened.span_id:016x}-01",
        "TRACESTATE": "a=1",
        "BAGGAGE": "tenant=a%20b",
    }
    environ = {"PYTHONPATH": str(SRC), **added}
    done = subprocess.run([sys.executable, "-c", CHILD], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split(" ", 2) == [str(int(TRACE, 16)), str(opened.span_id), "{'tenant': 'a b'}\n"]
    assert dict(os.environ) == before


def test_without_anything_current_nothing_is_set(recording: Recording) -> None:
    """So a child finds what this process itself was given."""
    assert to_environment() == {}


@pytest.mark.parametrize(
    "environ",
    [{}, {"TRACEPARENT": ""}, {"traceparent": HEADER}, {"Traceparent": HEADER}, {"TRACESTATE": "a=1"}, {"PATH": "x"}],
)
def test_an_environment_without_a_parent(environ: dict[str, str], recording: Recording) -> None:
    """An empty variable is not set, and names are upper case; the current span stays."""
    with span("job") as opened:
        token = attach(from_environment(environ))
        assert current_span() is opened
        detach(token)


def test_an_invalid_variable_restarts_the_trace(recording: Recording) -> None:
    """As in a header; and what the settings read of the environment is the same carrier."""
    with span("job"):
        token = attach(from_environment({"TRACEPARENT": "garbage", "BAGGAGE": "tenant=a"}))
        assert (current_span(), get_baggage()) == (None, {"tenant": "a"})
        detach(token)
    token = attach(extract(carrier({"TRACEPARENT": HEADER})))
    found = current_span()
    detach(token)
    assert found is not None and found.span_id == int(SPAN, 16)


@pytest.mark.parametrize("name", ["traceparent", "x-b3-traceid", "3d", "", "a.b c", "é", "uber-trace-id"])
def test_names_are_those_of_opentelemetry(name: str) -> None:
    """Upper case, `_` for what is no letter or digit, and `_` before a digit."""
    theirs: dict[str, str] = {}
    EnvironmentSetter().set(theirs, name, "1")
    assert list(theirs) == [variable(name)]


def test_opentelemetry_reads_our_environment(recording: Recording) -> None:
    """Its propagator, with its getter for environments, finds our span."""
    with span("job") as opened:
        environ = to_environment()
    found = TraceContextTextMapPropagator().extract(environ, context.Context(), EnvironmentGetter())
    assert trace.get_current_span(found).get_span_context().span_id == opened.span_id
