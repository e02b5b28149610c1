"""The gates: data that fits the rows, and a rule that allows for noise and for nothing else."""

from __future__ import annotations

import pytest
from benchmarks.gates import GATES, NOISE_CAP, Gate, Verdict, judge, merge
from benchmarks.harness import Measurement
from benchmarks.rows import ROWS
from benchmarks.suite import Result

FLOOR_NS = 200.0


def measured(name: str, ns: float, *, cpu_ns: float | None = None) -> Measurement:
    """Make a measurement whose rounds all agree."""
    return Measurement(name, 1, (ns,), (ns if cpu_ns is None else cpu_ns,))


def result(*cases: Measurement, noise: float = 0.0) -> Result:
    """Make a result of the row `counter` with a given noise."""
    floors = (measured("floor", FLOOR_NS), measured("floor again", FLOOR_NS * (1 + noise)))
    return Result("counter", 0.0, cases, floors)


def passed(gate: Gate, run: Result) -> bool:
    """Judge one gate."""
    (verdict,) = judge(run, (gate,))
    return verdict.passed


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: f"{gate.case}-{gate.peer or 'floor'}")
def test_gates_name_cases_that_exist(gate: Gate) -> None:
    """A gate on a case that no row has would never fail; its peer is a case of the same row."""
    names = {case.name for case in ROWS[gate.row]}
    assert gate.case in names
    assert gate.peer is None or gate.peer in names


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: f"{gate.case}-{gate.peer or 'floor'}")
def test_goals_lie_beyond_bounds(gate: Gate) -> None:
    """A goal that is easier than its bound is a slip of the pen."""
    assert gate.goal is None or gate.better(gate.goal, gate.bound) == gate.goal


def test_every_row_of_ours_has_a_gate() -> None:
    """No row of `telemetry` can get slower without a gate that sees it."""
    rows = {row for row, cases in ROWS.items() if f"{row}/telemetry" in {case.name for case in cases}}
    assert rows == {gate.row for gate in GATES}


@pytest.mark.parametrize(("ns", "passes"), [(99.0, True), (101.0, False)])
def test_floor_bound_holds_without_noise(ns: float, passes: bool) -> None:
    """On a quiet machine a bound of half a floor is half a floor."""
    assert passed(Gate("counter/telemetry", 0.5), result(measured("counter/telemetry", ns))) is passes


@pytest.mark.parametrize(("ns", "passes"), [(109.0, True), (111.0, False)])
def test_noise_widens_a_bound(ns: float, passes: bool) -> None:
    """When two equal floors differ by a tenth, the bound gives a tenth."""
    run = result(measured("counter/telemetry", ns), noise=0.10)
    assert passed(Gate("counter/telemetry", 0.5), run) is passes


def test_noise_widens_no_further_than_its_cap() -> None:
    """A machine that is out of its mind does not wave everything through."""
    run = result(measured("counter/telemetry", 100 * (1 + NOISE_CAP) + 1), noise=3.0)
    assert not passed(Gate("counter/telemetry", 0.5), run)


@pytest.mark.parametrize(("peer_ns", "passes"), [(410.0, True), (390.0, False)])
def test_peer_bound_is_a_lower_one(peer_ns: float, passes: bool) -> None:
    """Four times cheaper means that the peer takes at least four times as long."""
    run = result(measured("counter/telemetry", 100.0), measured("counter/prometheus", peer_ns))
    assert passed(Gate("counter/telemetry", 4, peer="counter/prometheus"), run) is passes


def test_processor_time_is_what_is_judged() -> None:
    """A peer that hides its work in a thread is compared by all of its work, and preemption blames nobody."""
    run = result(
        measured("counter/telemetry", 900.0, cpu_ns=100.0), measured("counter/prometheus", 100.0, cpu_ns=500.0)
    )
    assert passed(Gate("counter/telemetry", 4, peer="counter/prometheus"), run)
    assert passed(Gate("counter/telemetry", 0.5), run)


def test_added_cost_leaves_the_bare_case_out() -> None:
    """With `added`, 120 against 140 over a bare 100 is a factor of two."""
    run = result(
        measured("counter/bare", 100.0), measured("counter/telemetry", 120.0), measured("counter/prometheus", 140.0)
    )
    (verdict,) = judge(run, (Gate("counter/telemetry", 2, peer="counter/prometheus", added=True),))
    assert verdict.measured == pytest.approx(2.0)


def test_added_cost_below_zero_divides_nothing_by_zero() -> None:
    """A case that noise made cheaper than nothing still has a verdict."""
    run = result(
        measured("counter/bare", 100.0), measured("counter/telemetry", 99.0), measured("counter/prometheus", 140.0)
    )
    assert passed(Gate("counter/telemetry", 2, peer="counter/prometheus", added=True), run)


def test_cases_that_did_not_run_have_no_verdict() -> None:
    """A run of a part of the cases is judged by the gates that it can answer."""
    gates = (
        Gate("counter/telemetry", 1.0),
        Gate("counter/telemetry", 2, peer="counter/prometheus"),
        Gate("counter/telemetry", 2, peer="counter/prometheus", added=True),
        Gate("span/telemetry", 1.0),
    )
    verdicts = judge(result(measured("counter/telemetry", 100.0)), gates)
    assert [verdict.gate for verdict in verdicts] == [gates[0]]


def test_best_attempt_counts() -> None:
    """Of several attempts a gate keeps one that passed, else the one that came closest."""
    floor, peer = Gate("counter/telemetry", 0.5), Gate("counter/telemetry", 4, peer="counter/prometheus")
    earlier = (Verdict(floor, 0.9, 0.0, passed=False), Verdict(peer, 3.0, 0.0, passed=False))
    later = (Verdict(floor, 0.4, 0.0, passed=True), Verdict(peer, 2.0, 0.0, passed=False))
    assert merge(earlier, later) == (later[0], earlier[1])
    assert merge(later, earlier) == (later[0], earlier[1])


def test_verdict_says_row_measured_and_bound() -> None:
    """Who reads a red CI log learns the case, the ratio and the bound from one line."""
    floor = Verdict(Gate("counter/telemetry", 0.55), 0.714, 0.031, passed=False)
    assert str(floor) == "counter/telemetry: 0.71 x FLOOR, at most 0.55 (noise 3.1%)"
    peer = Verdict(Gate("stage/telemetry", 25, peer="stage/opentelemetry"), 19.96, 0.0, passed=False)
    expected = "stage/telemetry: 20.0 x cheaper than stage/opentelemetry, at least 25 (noise 0.0%)"
    assert str(peer) == expected
