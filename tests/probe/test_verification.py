"""Verification blocks what breaks a promise, whatever the compiled code does to the process that runs it."""

from __future__ import annotations

import hashlib
import json
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines import needs
from tests.probe.workbench import BACKENDS, QUICK, SPECS, Build, built, planned

from telemetry.probe import (
    BackendDescriptor,
    Clauses,
    ExecutionGraph,
    Operator,
    Testing,
    backend,
    compile,  # noqa: A004 - the stage's name
    lower,
    parse,
    plan,
)
from telemetry.probe.inputs import candidates

GOOD = sorted(SPECS.glob("*.spec"))
BLOCKED = sorted((SPECS / "blocked").glob("*.spec"))
IDENTITY = "operator f(a: u32) -> u32 ensures result == a { return a; }"


def miscompiled(graph: ExecutionGraph, c_body: str, workspace: Path) -> Build:
    """Build a graph's last operator with a backend whose C does something else."""

    def translate(operator: Operator, _: Clauses, __: ExecutionGraph) -> str:
        return f'#include <stdint.h>\n#define EXPORT __attribute__((visibility("default")))\n{c_body}\n'

    descriptor: BackendDescriptor = replace(backend("c-gcc"), translate=translate)
    operator = graph.operators[-1]
    invocation = lower(descriptor, operator, operator.clauses, graph)
    return Build(graph, operator, invocation, compile(descriptor, invocation, workspace))


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_each_example_passes_on_each_backend(path: Path, name: str, tmp_path: Path) -> None:
    """Every operator of every example keeps its clauses and agrees with the interpreter on every input tried."""
    graph = plan(parse(path))
    for operator in graph.operators:
        verdict = built(graph, name, tmp_path / operator.name, operator.name).verdict()
        assert verdict.outcome == "passed", verdict.violations
        tests = json.loads(verdict.evidence)["testing"]
        assert tests["cases"] == tests["tried"] == tests["compared_with_reference"] == QUICK.cases


@pytest.mark.parametrize("name", BACKENDS)
def test_the_absolute_value_of_the_smallest_number_is_found(name: str, tmp_path: Path) -> None:
    """The one input out of 2^32 that breaks the clause is found, on each backend, with the clause and its line."""
    (violation,) = built(plan(parse(SPECS / "blocked" / "absolute.spec")), name, tmp_path).verdict().violations
    assert violation.clause == "ensures result >= 0"
    assert violation.line == 4
    assert violation.inputs == {"value": -(2**31)}
    assert violation.result == -(2**31)


@pytest.mark.parametrize("name", BACKENDS)
def test_the_midpoint_that_wraps_is_found(name: str, tmp_path: Path) -> None:
    """Both clauses are broken, by inputs whose sum does not fit."""
    verdict = built(plan(parse(SPECS / "blocked" / "midpoint.spec")), name, tmp_path).verdict()
    assert verdict.outcome == "blocked"
    assert [violation.line for violation in verdict.violations] == [5, 6]
    for violation in verdict.violations:
        low, high = violation.inputs["low"], violation.inputs["high"]
        assert isinstance(low, int)
        assert isinstance(high, int)
        assert low + high >= 2**32
        assert violation.result == (low + high) % 2**32 // 2


def test_the_examples_are_the_ones_described() -> None:
    """There are eight examples that pass and two that are blocked."""
    assert len(GOOD) == 8
    assert len(BLOCKED) == 2


@pytest.mark.parametrize("name", BACKENDS)
def test_the_example_checksum_is_that_of_zlib(name: str, tmp_path: Path) -> None:
    """The CRC of every message is the one that zlib computes."""
    import zlib

    from telemetry.probe.trial import try_out

    build = built(plan(parse(SPECS / "crc32.spec")), name, tmp_path)
    source = random.Random(1)
    messages = [list(source.randbytes(16)) for _ in range(50)]
    outcomes = try_out(build.operator, build.artefact, [[message] for message in messages])
    assert [outcome.value for outcome in outcomes] == [zlib.crc32(bytes(message)) for message in messages]


@pytest.mark.parametrize(
    ("c_body", "problem"),
    [
        ("EXPORT uint32_t spec__f(uint32_t a) { return *(volatile uint32_t *)8 + a; }", "SIGSEGV"),
        ("EXPORT uint32_t spec__f(uint32_t a) { __builtin_trap(); return a; }", "SIGILL"),
        ("#include <stdlib.h>\nEXPORT uint32_t spec__f(uint32_t a) { exit(a ? 7 : 7); }", "exit status 7"),
        ("EXPORT uint32_t spec__f(uint32_t a) { return spec__f(a + 1) + spec__f(a + 2); }", "SIGSEGV"),
        ("EXPORT uint32_t spec__f(uint32_t a) { for (volatile uint32_t i = 0;; i++) { } return a; }", "did not end"),
    ],
    ids=["bad pointer", "trap", "exit", "stack overflow", "endless loop"],
)
def test_code_that_takes_its_process_down_is_blocked(c_body: str, problem: str, tmp_path: Path) -> None:
    """A crash, a trap, an exit and an endless loop are verdicts, not failures of the verifier."""
    build = miscompiled(planned(IDENTITY), c_body, tmp_path)
    begun = time.monotonic()
    verdict = build.verdict(Testing(cases=20, case_seconds=0.2))
    assert time.monotonic() - begun < 20
    assert verdict.outcome == "blocked"
    (violation,) = verdict.violations
    assert (violation.clause, violation.result) == ("the language", None)
    assert problem in violation.problem


def test_code_that_is_wrong_for_one_input_in_a_while_is_blocked(tmp_path: Path) -> None:
    """A wrong result is reported with the clause and with the interpreter's own result."""
    c_body = "EXPORT uint32_t spec__f(uint32_t a) { return a == UINT32_MAX ? 0 : a; }"
    verdict = miscompiled(planned(IDENTITY), c_body, tmp_path).verdict()
    assert [violation.clause for violation in verdict.violations] == ["ensures result == a", "the reference"]
    assert all(violation.inputs == {"a": 2**32 - 1} for violation in verdict.violations)
    assert "the reference returns 4294967295" in verdict.violations[1].problem


def test_a_promise_too_weak_to_notice_is_noticed_by_the_reference(tmp_path: Path) -> None:
    """Code that keeps its clauses and differs from the interpreter is blocked all the same."""
    graph = planned("operator f(a: u32) -> u32 ensures result >= 0 { return a; }")
    verdict = miscompiled(graph, "EXPORT uint32_t spec__f(uint32_t a) { return a / 2; }", tmp_path).verdict()
    assert [violation.clause for violation in verdict.violations] == ["the reference"]


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize(
    "text",
    [
        "operator f(a: i32) -> i32 { return a + 1; }",
        "operator f(a: i32) -> i32 { return 7 / a; }",
        "operator f(a: u8) -> u8 { return 1 << a; }",
        "operator f(a: u8) -> u8 { let s: u8[4] = [1; 4]; return s[a]; }",
        "operator f(a: u8) -> u8 { let x = a; while x > 0 bound 9 { x = x - 1; } return x; }",
    ],
    ids=["overflow", "division", "shift", "index", "bound"],
)
def test_faults_within_requires_are_blocked(name: str, text: str, tmp_path: Path) -> None:
    """An operator without `requires` promises a result for every input, so each kind of fault blocks it."""
    (violation,) = built(planned(text), name, tmp_path).verdict().violations
    assert violation.clause == "the language"
    assert "the reference faults too" in violation.problem


def test_a_callee_used_against_its_requires_is_blocked(tmp_path: Path) -> None:
    """Compiled code does not check what its callers promise; the interpreter does."""
    text = """
        operator g(a: u32) -> u32 requires a > 0 { return a - 1; }
        operator f(a: u32) -> u32 { return g(a); }
    """
    (violation,) = built(planned(text), "c-gcc", tmp_path).verdict().violations
    assert violation.inputs == {"a": 0}
    assert "called against its `requires a > 0`" in violation.problem


def test_requires_that_nothing_satisfies_is_blocked(tmp_path: Path) -> None:
    """A promise about no input is no promise."""
    graph = planned("operator f(a: u32) -> u32 requires a > 5 && a < 5 { return a; }")
    (violation,) = built(graph, "python", tmp_path).verdict().violations
    assert violation.clause == "requires a > 5 && a < 5"
    assert "none of 2560 inputs satisfies it" in violation.problem


def test_the_simplest_counterexample_is_kept(tmp_path: Path) -> None:
    """Of all inputs that break a clause, the smallest is shown."""
    graph = planned("operator f(a: i32) -> i32 ensures result < 10 { return a; }")
    (violation,) = built(graph, "python", tmp_path).verdict().violations
    assert violation.inputs == {"a": 10}


def test_an_operator_without_inputs_is_verified(tmp_path: Path) -> None:
    """It has one case."""
    verdict = built(planned("operator f() -> bool ensures result { return true; }"), "c-gcc", tmp_path).verdict()
    assert (verdict.outcome, json.loads(verdict.evidence)["testing"]["cases"]) == ("passed", 1)


def test_the_evidence_is_the_same_each_time(tmp_path: Path) -> None:
    """Two verifications of one build in two folders have one provenance id: the hash of their evidence."""
    graph = planned(IDENTITY)
    first = built(graph, "c-gcc", tmp_path / "a").verdict()
    second = built(graph, "c-gcc", tmp_path / "b").verdict()
    assert first.provenance_id == second.provenance_id == hashlib.sha256(first.evidence.encode()).hexdigest()
    other = built(graph, "c-gcc", tmp_path / "c").verdict(replace(QUICK, seed=1))
    assert other.provenance_id != first.provenance_id


@needs("clang")
def test_the_evidence_names_what_it_is_about(tmp_path: Path) -> None:
    """Specification, clauses, backend, toolchain, source and artefact are in it, and what testing does not show."""
    build = built(planned(IDENTITY), "c-clang", tmp_path)
    evidence = json.loads(build.verdict().evidence)
    assert evidence["spec"]["sha256"] == build.graph.spec.digest
    assert evidence["clauses"] == {"id": build.operator.clauses.id, "texts": ["ensures result == a"]}
    toolchain = build.artefact.toolchain_version
    assert evidence["backend"] == {"name": "c-clang", "maturity": "stable", "toolchain": toolchain}
    assert evidence["artefact"]["sha256"] == build.artefact.output.sha256
    assert "Nothing is said of other inputs" in evidence["testing"]["states"]
    assert evidence["proof"] is None


def test_the_process_wide_random_numbers_are_left_alone(tmp_path: Path) -> None:
    """Verification draws from a generator of its own."""
    random.seed(7)
    state = random.getstate()
    built(planned(IDENTITY), "python", tmp_path).verdict()
    assert random.getstate() == state


def test_inputs_are_chosen_the_same_way_each_time() -> None:
    """One seed gives one sequence, which holds the ends of the range, the numbers of the text and sorted arrays."""
    from itertools import islice

    operator = planned("operator f(a: i16, s: u8[4]) -> u8 requires a < 1234 { return s[0]; }").operators[0]
    first, second = (list(islice(candidates(operator, 3), 600)) for _ in range(2))
    assert first == second
    assert first != list(islice(candidates(operator, 4), 600))
    numbers = {inputs[0] for inputs in first}
    assert {-(2**15), 2**15 - 1, 0, 1233, 1234, 1235} <= {number for number in numbers if isinstance(number, int)}
    arrays = [inputs[1] for inputs in first if isinstance(inputs[1], list)]
    assert any(array == sorted(array) and len(set(array)) == 4 for array in arrays)


def test_the_harness_outlives_what_it_runs(tmp_path: Path) -> None:
    """Cases after a crash are run all the same."""
    from telemetry.probe.trial import try_out

    c_body = "EXPORT uint32_t spec__f(uint32_t a) { if (a == 2) __builtin_trap(); return a + 1; }"
    build = miscompiled(planned(IDENTITY), c_body, tmp_path)
    outcomes = try_out(build.operator, build.artefact, [[1], [2], [3], [2], [4]])
    assert [outcome.value for outcome in outcomes] == [2, None, 4, None, 5]
    assert [outcome.failure for outcome in outcomes if outcome.value is None] == ["faulted (SIGILL)"] * 2


def test_three_endless_cases_are_enough(tmp_path: Path) -> None:
    """Code that never returns costs three limits, not one for each case."""
    from telemetry.probe.trial import try_out

    c_body = "EXPORT uint32_t spec__f(uint32_t a) { for (volatile int i = 0;; i++) { } return a; }"
    build = miscompiled(planned(IDENTITY), c_body, tmp_path)
    outcomes = try_out(build.operator, build.artefact, [[number] for number in range(100)], case_seconds=0.1)
    assert [outcome.failure for outcome in outcomes] == ["did not end within 0.1 s"] * 3


def test_a_small_example_is_built_and_verified_quickly(tmp_path: Path) -> None:
    """From parsing to a verdict on one C backend takes well under two seconds."""
    begun = time.monotonic()
    graph = plan(parse(SPECS / "saturating_add.spec"))
    assert built(graph, "c-gcc", tmp_path).verdict(Testing()).outcome == "passed"
    assert time.monotonic() - begun < 2
