"""The trace that a process was started in is the parent of its roots, in every thread, while its runtime runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.context.conftest import Run, run

__all__ = ("run",)

CI = {"TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "TRACESTATE": "vendor=1"}
TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
TWINS = pytest.mark.parametrize("pure", ["", "1"])

_BEFORE = """
import json, threading
{first}
import telemetry
from telemetry.testing import isolated
def parents(name="spec.parse"):
    found = []
    def task():
        @telemetry.instrument_span("plan.compile_graph")
        def plan():
            span = telemetry.current_span()
            found.append([span.trace_id, span.parent_span_id])
        with telemetry.span(name) as span:
            found.append([span.trace_id, span.parent_span_id, span.trace_flags, span.tracestate])
        plan()
        with telemetry.span(name), telemetry.span(name) as child:
            found.append([child.trace_id])
    task()
    thread = threading.Thread(target=task)
    thread.start()
    thread.join()
    return found
"""


def said(run: Run, program: str, first: str = "", **variables: str) -> Any:
    """Run a program that prints JSON."""
    return json.loads(run(_BEFORE.format(first=first) + program, TELEMETRY_JOURNAL="off", **variables))


def is_below(found: list[list[Any]], flags: int = 1) -> bool:
    """Tell whether all spans of two threads lie below the job's."""
    return found == [[TRACE, SPAN, flags, "vendor=1"], [TRACE, SPAN], [TRACE]] * 2


@TWINS
@pytest.mark.parametrize("first", ["", "import opentelemetry.trace", "import opentelemetry.sdk.trace"])
def test_roots_lie_below_the_job_that_started_the_process(run: Run, first: str, pure: str) -> None:
    """In all threads and forms, with OpenTelemetry imported first, later, or not at all; and no more after the end."""
    program = """
with telemetry.configure("specc"):
    before = parents()
    from opentelemetry import context, trace
    again = parents()
    theirs = trace.get_current_span().get_span_context()
    rooted = trace.get_tracer("t").start_span("s", context=context.Context()).get_span_context().trace_id
print(json.dumps([before, again, theirs.trace_id, rooted, telemetry.current_span() is None]))
"""
    before, again, theirs, rooted, is_over = said(run, program, first, TELEMETRY_PURE=pure, **CI)
    assert is_below(before)
    assert is_below(again)
    assert (theirs, is_over) == (TRACE, True)
    assert rooted != TRACE


@TWINS
def test_a_job_that_is_not_sampled_is_followed(run: Run, pure: str) -> None:
    """Its spans have flag 0, and nothing of them is kept."""
    program = """
with telemetry.configure("specc") as runtime:
    found = parents()
    print(json.dumps([found, runtime.losses().get("sampled_out")]))
"""
    found, out = said(run, program, TELEMETRY_PURE=pure, **{**CI, "TRACEPARENT": CI["TRACEPARENT"][:-1] + "0"})
    assert [each[0] for each in found] == [TRACE] * 6
    assert found[0][2] == 0
    assert out == 8


def test_baggage_of_the_job_is_there(run: Run) -> None:
    """In every thread, and inside spans."""
    program = """
found = []
def look():
    with telemetry.span("spec.parse"):
        found.append(dict(get_baggage()))
from telemetry.context import get_baggage
with telemetry.configure("specc"):
    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
print(json.dumps([found, dict(get_baggage())]))
"""
    assert said(run, program, BAGGAGE="tenant=a%20b") == [[{"tenant": "a b"}] * 2, {}]


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ("", {"OTEL_PROPAGATORS": "none"}),
        ("", {"TRACEPARENT": "00-0-0-01"}),
        ("", {"TRACEPARENT": ""}),
    ],
)
def test_what_is_no_trace_is_none(run: Run, arguments: str, variables: dict[str, str]) -> None:
    """Without propagators, or with a variable that is invalid or empty, roots are roots."""
    program = f"""
with telemetry.configure("specc"{arguments}):
    found = parents()
print(json.dumps(found))
"""
    found = said(run, program, **{**CI, **variables})
    assert [each[1] for each in found if len(each) > 1] == [None] * 4
    assert len({each[0] for each in found}) == 6


def test_an_isolated_runtime_does_not_inherit_it(run: Run) -> None:
    """Neither alone nor inside a configured one, which has it again afterwards."""
    program = """
with isolated():
    alone = parents()
with telemetry.configure("specc"):
    with isolated():
        inside = parents()
    after = parents()
print(json.dumps([alone, inside, after]))
"""
    alone, inside, after = said(run, program, **CI)
    assert [each[1] for each in alone + inside if len(each) > 1] == [None] * 8
    assert is_below(after)


def test_incoming_refusals_are_for_strangers(run: Run) -> None:
    """`incoming=refuse` is about requests; the job that started us is trusted."""
    found = said(
        run, "with telemetry.configure('specc'): print(json.dumps(parents()))", TELEMETRY_INCOMING="refuse", **CI
    )
    assert is_below(found)


@TWINS
def test_workers_of_a_pool_lie_below_the_job(run: Run, pure: str) -> None:
    """A forked worker that knows no sender has the job as parent, as every root of the program has."""
    program = """
import multiprocessing
with telemetry.configure("specc"):
    with telemetry.span("spec.parse"), multiprocessing.get_context("fork").Pool(1) as pool:
        found = pool.apply(parents)
print(json.dumps(found))
"""
    assert is_below(said(run, program, TELEMETRY_PURE=pure, **CI))
