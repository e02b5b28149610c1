"""The rule of the bounds: it passes, it fails, or it says that it cannot tell; and nothing else."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from benchmarks.budgets import Budget
from benchmarks.harness import Measurement
from benchmarks.suite import Result
from benchmarks.verdicts import NOISE_CAP, State, Verdict, judge, merge, unjudged

FLOOR = 200.0


def measured(name: str, *costs: float, unit: str = "ns") -> Measurement:
    """Make a measurement of some rounds."""
    return Measurement(name, 1, costs, unit="bytes" if unit == "bytes" else "ns")


def result(*cases: Measurement, noise: float = 0.0, row: str = "counter") -> Result:
    """Make a result of a row whose two floors differ by a share."""
    floors = (measured("floor", FLOOR), measured("floor again", FLOOR * (1 + noise)))
    return Result(row, 0.0, cases, floors)


def within(bound: float, *, compiled: float = 0.01) -> Budget:
    """Make a bound on the counter in floors."""
    return Budget("counter/telemetry", "floor", {"pure": bound, "compiled": compiled}, compiled)


def cheaper(bound: float, *, over_bare: bool = False) -> Budget:
    """Make a bound on the counter against prometheus_client."""
    bounds = {"pure": bound, "compiled": 100.0}
    return Budget("counter/telemetry", "counter/prometheus", bounds, 100.0, cheaper=True, over_bare=over_bare)


def state(budget: Budget, run: Result) -> State:
    """Judge one budget."""
    (verdict,) = judge(run, (budget,))
    return verdict.state


@pytest.mark.parametrize(("cost", "expected"), [(99.0, "pass"), (101.0, "fail")])
def test_bound_in_floors_holds_on_a_quiet_machine(cost: float, expected: State) -> None:
    """Without noise a bound of half a floor is half a floor."""
    assert state(within(0.5), result(measured("counter/telemetry", cost))) == expected


@pytest.mark.parametrize(("peer", "expected"), [(410.0, "pass"), (390.0, "fail")])
def test_bound_against_a_peer_is_a_lower_one(peer: float, expected: State) -> None:
    """Four times cheaper means that the peer takes at least four times as much."""
    run = result(measured("counter/telemetry", 100.0), measured("counter/prometheus", peer))
    assert state(cheaper(4), run) == expected


@pytest.mark.parametrize(
    ("cost", "expected"), [(99.0, "pass"), (109.0, "not enough data"), (111.0, "fail"), (70.0, "pass")]
)
def test_noise_below_the_cap_decides_near_the_bound_only(cost: float, expected: State) -> None:
    """With a tenth of noise, what is beyond the bound by less than that is not told from what keeps it."""
    assert state(within(0.5), result(measured("counter/telemetry", cost), noise=0.10)) == expected


@pytest.mark.parametrize(
    ("cost", "expected"), [(60.0, "pass"), (99.0, "not enough data"), (140.0, "not enough data"), (160.0, "fail")]
)
def test_noise_beyond_the_cap_is_never_a_pass_near_the_bound(cost: float, expected: State) -> None:
    """Where equal things differ by half, a bound means something only to what is further from it than that."""
    assert NOISE_CAP < 0.5
    assert state(within(0.5), result(measured("counter/telemetry", cost), noise=0.50)) == expected


def test_rounds_of_one_case_tell_of_noise_too() -> None:
    """Floors that agree do not hide that the case's own rounds do not."""
    assert state(within(0.5), result(measured("counter/telemetry", 130.0, 99.0))) == "not enough data"
    assert state(within(0.5), result(measured("counter/telemetry", 99.5, 99.0))) == "pass"


def test_crowded_machine_gives_no_verdict() -> None:
    """What others kept from us is neither a pass nor a failure, and the verdict says how much it was."""
    cores = os.cpu_count() or 1
    run = replace(result(measured("counter/telemetry", 1000.0)), foreign_cores=0.95 * cores)
    (verdict,) = judge(run, (within(0.5),))
    assert verdict.state == "not enough data"
    assert verdict.why == f"others kept {0.95 * cores:.1f} of {cores} cores busy"
    assert state(within(50), run.__class__("counter", 0.95 * cores, run.measurements, run.floors)) == "not enough data"


def test_latency_asks_for_a_machine_of_its_own() -> None:
    """A wait shows what others do as well, so little foreign load is enough to say nothing."""
    quiet, scraped = "scraped/telemetry, p99 quiet", "scraped/telemetry, p99 scraped"
    budget = Budget(scraped, quiet, {"pure": 1.6, "compiled": 1.6}, 1.6)
    cores = os.cpu_count() or 1
    run = Result("scraped", 0.4 * cores, (measured(quiet, 100.0, 100.0), measured(scraped, 120.0, 120.0)))
    assert state(budget, run) == "not enough data"
    assert state(budget, replace(run, foreign_cores=0.1)) == "pass"


def test_bytes_are_judged_whatever_else_runs() -> None:
    """A count of bytes is the same on a crowded machine."""
    budget = Budget("memory/telemetry, finished span", "bytes", {"pure": 300, "compiled": 260}, 260)
    run = Result("memory", 99.0, (measured("memory/telemetry, finished span", 299.0, unit="bytes"),))
    assert state(budget, run) == "pass"
    (verdict,) = judge(run, (budget,))
    assert str(verdict) == "memory/telemetry, finished span: 299 bytes, at most 300"


def test_twin_that_recorded_chooses_the_bound() -> None:
    """The compiled twin is held against its own bound, which is the harder one."""
    run = result(measured("counter/telemetry", 60.0))
    budget = within(0.5, compiled=0.16)
    assert state(budget, run) == "pass"
    assert state(budget, replace(run, twin="compiled")) == "fail"


def test_added_cost_leaves_the_bare_case_out() -> None:
    """With whole programs, 120 against 140 over a bare 100 is a factor of two."""
    bare = measured("counter/bare", 100.0)
    run = result(bare, measured("counter/telemetry", 120.0), measured("counter/prometheus", 140.0))
    (verdict,) = judge(run, (cheaper(2, over_bare=True),))
    assert verdict.measured == pytest.approx(2.0)
    share = Budget("counter/telemetry", "bare", {"pure": 0.21, "compiled": 0.19}, 0.19, over_bare=True)
    assert share.measure(run) == pytest.approx(0.2)


def test_added_cost_below_zero_divides_nothing_by_zero() -> None:
    """A case that noise made cheaper than nothing still has a verdict."""
    bare = measured("counter/bare", 100.0)
    run = result(bare, measured("counter/telemetry", 99.0), measured("counter/prometheus", 140.0))
    assert state(cheaper(2, over_bare=True), run) == "pass"


def test_cases_that_did_not_run_have_no_verdict() -> None:
    """A run of a part of the cases is judged by the bounds that it can answer."""
    budgets = (within(1.0), cheaper(2), cheaper(2, over_bare=True))
    verdicts = judge(result(measured("counter/telemetry", 100.0)), budgets)
    assert [verdict.budget for verdict in verdicts] == [budgets[0]]


def test_missing_peer_is_named() -> None:
    """A bound against a library that is not there is listed with the reason, once."""
    run = replace(result(measured("counter/telemetry", 100.0)), missing={"counter/prometheus": "not installed"})
    assert unjudged(run, (within(1.0), cheaper(2))) == (
        ("counter/telemetry against counter/prometheus", "not installed"),
    )


def verdict(measured: float, state: State, *, crowded: bool = False) -> Verdict:
    """Make a verdict on half a floor."""
    return Verdict(within(0.5), "pure", measured, 0.0, state, crowded=crowded)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (verdict(0.4, "pass"), verdict(0.9, "fail"), 0.4),
        (verdict(0.6, "fail"), verdict(0.9, "fail"), 0.6),
        (verdict(0.52, "not enough data"), verdict(0.6, "fail"), 0.52),
        (verdict(0.6, "fail"), verdict(0.3, "not enough data", crowded=True), 0.6),
        (verdict(0.4, "pass"), verdict(0.3, "not enough data", crowded=True), 0.4),
    ],
)
def test_attempt_that_says_most_is_kept(first: Verdict, second: Verdict, kept: float) -> None:
    """A pass settles it, the attempt nearest to the bound comes next, and what a crowded machine gave counts last."""
    assert merge((first,), (second,))[0].measured == kept
    assert merge((second,), (first,))[0].measured == kept


def test_verdict_says_row_measured_and_bound() -> None:
    """Who reads a red CI log learns the case, the ratio and the bound from one line."""
    floor = Verdict(within(0.55), "pure", 0.714, 0.031, "fail")
    assert str(floor) == "counter/telemetry: 0.71 x FLOOR, at most 0.55 (noise 3.1%)"
    peer = Verdict(cheaper(25), "pure", 19.96, 0.0, "fail")
    assert str(peer) == "counter/telemetry: 20.0 x cheaper than counter/prometheus, at least 25 (noise 0.0%)"


def test_added_cost_is_to_the_bare_case_or_to_the_quiet_one() -> None:
    """A table and its JSON say what a case adds: to an empty function, or to the same requests without scrapes."""
    bare, ours = measured("counter/bare", 30.0), measured("counter/telemetry", 100.0)
    assert result(bare, ours).added(ours) == 70
    assert result(bare, ours).added(bare) is None
    quiet, scraped = measured("scraped/telemetry, p99 quiet", 200.0), measured("scraped/telemetry, p99 scraped", 290.0)
    run = Result("scraped", 0.0, (quiet, scraped))
    assert run.added(scraped) == 90
    assert run.added(quiet) is None
