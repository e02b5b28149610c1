"""Sampling rules: which one decides, about which traces, and how many a second it lets through."""

from __future__ import annotations

import os
import time
from collections import Counter
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from tests.sampling.stage import lower

import telemetry
from telemetry.testing import isolated


def recorded(rules: list[dict[str, Any]], **settings: Any) -> Counter[str]:
    """Record a trace of each of two operators, and one of another name; give the names and operators that were kept."""
    with isolated(sampling_rules=rules, **settings) as recording:
        lower("add")
        lower("sub")
        with telemetry.span("spec.parse", attributes={"spec.path": "a.spec"}):
            pass
        return Counter(str(span.attributes.get("operator.name", span.name)) for span in recording.spans)


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([{"name": "codegen.*"}], {"add", "sub", "plan.compile_graph"}),
        ([{"name": "spec.parse"}], {"spec.parse"}),
        ([{"attributes": {"operator.name": "a*"}}], {"add", "plan.compile_graph"}),
        ([{"name": "spec.*", "attributes": {"operator.name": "*"}}], set()),
        ([{"name": "spec.*", "attributes": {"spec.path": "*.spec"}}], {"spec.parse"}),
        ([{"attributes": {"operator.name": "a*"}, "ratio": 0}, {"name": "codegen.*"}], {"sub", "plan.compile_graph"}),
        ([{"ratio": 0}, {"name": "*"}], set()),
        ([{"name": "codegen.*", "per_second": 0}], set()),
        ([], set()),
    ],
)
def test_the_first_rule_that_fits_decides(rules: list[dict[str, Any]], kept: set[str]) -> None:
    """By name and by the attributes of the start, of functions and of blocks; where none fits, the sampler does."""
    assert set(recorded(rules, sampler="always_off")) == kept


def test_rules_are_for_traces_that_begin_here() -> None:
    """A child has the verdict of its trace, whatever its name, and so has one whose parent is elsewhere."""
    with isolated(sampling_rules=[{"name": "spec.parse"}, {"ratio": 0}]) as recording:
        with telemetry.span("spec.parse"):
            lower("add")
        token = telemetry.attach(telemetry.extract({"traceparent": f"00-{1:032x}-{2:016x}-01"}))
        lower("sub")
        telemetry.detach(token)
        lower("mul")
        found = [span.name for span in recording.spans]
    assert found == ["plan.compile_graph", "codegen.lower", "spec.parse", "plan.compile_graph", "codegen.lower"]


def test_a_rule_with_a_ratio_says_what_its_traces_stand_for() -> None:
    """The ratio of the rule is what a taken trace carries; one that was taken by number carries nothing."""
    rules = [{"name": "spec.parse", "ratio": 0.5}, {"name": "codegen.*", "per_second": 1000}]
    with isolated(sampling_rules=rules) as recording:
        for _ in range(40):
            with telemetry.span("spec.parse"):
                pass
        lower("add")
        found = {(span.name, span.tracestate) for span in recording.spans}
    assert found == {("spec.parse", "ot=th:8"), ("codegen.lower", ""), ("plan.compile_graph", "")}


def test_a_rate_lets_through_what_it_says() -> None:
    """At once a second's worth, after that as many as time brings; never more than both together."""
    begun = time.monotonic()
    with isolated(sampling_rules=[{"per_second": 50}]) as recording:
        for _ in range(500):
            with telemetry.span("spec.parse"):
                pass
        passed = time.monotonic() - begun
        kept = len(recording.spans)
    assert 50 <= kept <= 50 + 50 * passed + 1


def test_a_forked_child_has_a_rate_of_its_own() -> None:
    """What the parent has used up the child has too; both go on, and neither waits for a lock of the other."""
    with isolated(sampling_rules=[{"per_second": 2}]) as recording:
        for _ in range(10):
            lower("add")
        child = os.fork()
        if child == 0:
            lower("sub")
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(recording.spans) >= 4


def test_rules_hold_for_opentelemetrys_api_and_before_a_plugged_sampler() -> None:
    """The first rule that fits decides about API roots; what fits none is the plugged sampler's."""
    with isolated(sampling_rules=[{"name": "api", "ratio": 0}], sampler=ALWAYS_ON) as recording:
        with trace.get_tracer("library").start_as_current_span("api"):
            pass
        with trace.get_tracer("library").start_as_current_span("other"):
            pass
        lower("add")
        assert [span.name for span in recording.spans] == ["other", "plan.compile_graph", "codegen.lower"]
