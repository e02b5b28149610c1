"""Ratios: the share that is taken, what a taken trace says of it to others, and what a child makes of that."""

from __future__ import annotations

import math

import pytest
from tests.sampling.stage import lower

import telemetry
from telemetry.testing import Recording, isolated

TRACES = 10_000


def carried() -> dict[str, str]:
    """Give what goes out of here."""
    carrier: dict[str, str] = {}
    telemetry.inject(carrier)
    return carrier


def taken(recording: Recording) -> int:
    """Record many traces; give how many were kept."""
    for _ in range(TRACES):
        with telemetry.span("spec.parse"):
            pass
    return TRACES - recording.losses.get("sampled_out", 0)


@pytest.mark.parametrize("ratio", [0.1, 0.5])
def test_a_ratio_takes_its_share(ratio: float) -> None:
    """Of ten thousand traces the share is kept, within six standard deviations."""
    with isolated(sampler="traceidratio", sampler_arg=ratio) as recording:
        found = taken(recording)
    assert abs(found - TRACES * ratio) <= 6 * math.sqrt(TRACES * ratio * (1 - ratio))


@pytest.mark.parametrize(("ratio", "threshold"), [(0.5, "8"), (0.25, "c"), (0.0625, "f"), (0.75, "4")])
@pytest.mark.parametrize("name", ["traceidratio", "parentbased_traceidratio"])
def test_a_taken_trace_says_what_it_stands_for(name: str, ratio: float, threshold: str) -> None:
    """It leaves with `ot=th`, and only it; children of all depths and the exported spans have the same."""
    with isolated(sampler=name, sampler_arg=ratio) as recording:
        for _ in range(64):
            with telemetry.span("spec.parse") as root, telemetry.span("plan.compile_graph"):
                carrier = carried()
                reaches = root.trace_id & ((1 << 56) - 1) >= int(threshold.ljust(14, "0"), 16)
                assert carrier.get("tracestate") == (f"ot=th:{threshold}" if reaches else None)
                assert carrier["traceparent"].endswith("03" if reaches else "02")
        states = {(span.name, span.tracestate) for span in recording.spans}
    assert states <= {("spec.parse", f"ot=th:{threshold}"), ("plan.compile_graph", f"ot=th:{threshold}")}
    assert recording.spans or ratio < 0.1


@pytest.mark.parametrize("settings", [{}, {"sampler": "always_on"}, {"sampler": "traceidratio", "sampler_arg": 1.0}])
def test_where_all_are_kept_nothing_is_said(settings: dict[str, object]) -> None:
    """A trace that stands for itself has no tracestate."""
    with isolated(**settings) as recording:
        with telemetry.span("spec.parse"):
            assert "tracestate" not in carried()
        assert [span.tracestate for span in recording.spans] == [""]


@pytest.mark.parametrize(("flag", "kept"), [("03", 1), ("02", 0)])
def test_a_child_keeps_the_verdict_and_the_state_of_its_parent(flag: str, kept: int) -> None:
    """Threshold, randomness and the members of others go on as they came, whatever the ratio of here."""
    state = "ot=th:c;rv:00000000000001,vendor=x"
    with isolated(sampler="parentbased_traceidratio", sampler_arg=0.5) as recording:
        parent = {"traceparent": f"00-{0xABC:032x}-{0xDEF:016x}-{flag}", "tracestate": state}
        token = telemetry.attach(telemetry.extract(parent))
        lower("add")
        with telemetry.span("spec.parse"):
            assert carried()["tracestate"] == state
            assert carried()["traceparent"].endswith(flag)
        telemetry.detach(token)
        assert [span.tracestate for span in recording.spans] == [state] * 3 * kept


def test_spans_of_opentelemetrys_api_say_the_same() -> None:
    """A root that was begun through the API has the threshold too, and so have its children of either kind."""
    from opentelemetry import trace

    with isolated(sampler="traceidratio", sampler_arg=0.5) as recording:
        for _ in range(32):
            with trace.get_tracer("library").start_as_current_span("api"):
                lower("add")
        found = recording.spans
    assert {span.tracestate for span in found} == {"ot=th:8"}
    assert len(found) % 3 == 0


def test_what_is_not_sampled_still_propagates_and_has_ids_on_its_log_lines() -> None:
    """The flag goes out as 0, and log lines carry the ids of the trace."""
    with isolated(sampler="always_off") as recording:
        with telemetry.span("spec.parse") as span:
            assert carried() == {"traceparent": f"00-{span.trace_id:032x}-{span.span_id:016x}-02"}
            telemetry.get_logger("here").info("compile.start", backend="c-gcc")
        (line,) = recording.logs
    assert line.trace_id == span.trace_id
    assert recording.spans == []
