"""Checks of metrics, log lines and losses: what passes, and what a failure tells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from telemetry import get_logger, metric, span
from telemetry.testing import Recording, isolated


@pytest.fixture
def recording() -> Iterator[Recording]:
    """Record some of each kind."""
    with isolated() as recording:
        for backend, times in (("c-gcc", 2), ("llvm", 1)):
            metric("compile_success_total").labels(backend=backend).inc(times)
        latency = metric("pipeline_latency_seconds").labels(backend="c-gcc")
        for seconds in (0.5, 0.25):
            latency.observe(seconds)
        log = get_logger("tests")
        log.info("pipeline.start", pipeline="a")
        log.info("pipeline.start", pipeline="b")
        yield recording


def test_metrics_are_compared(recording: Recording) -> None:
    """Counters by value, histograms by observations; what was not recorded is 0, and `==` decides."""
    recording.assert_metric("compile_success_total", 2, backend="c-gcc")
    recording.assert_metric("compile_success_total", pytest.approx(1.0), backend="llvm", environment="development")
    recording.assert_metric("pipeline_latency_seconds", 2)
    recording.assert_metric("compile_success_total", 0, backend="rust")
    recording.assert_metric("compile_failure_total", 0)


@pytest.mark.parametrize(
    ("name", "value", "labels", "said"),
    [
        (
            "compile_success_total",
            3,
            {"backend": "c-gcc"},
            [
                "compile_success_total, backend='c-gcc': expected 3, but it is 2",
                "recorded:",
                '  compile_success_total{backend="c-gcc",environment="development",host_region="unknown"} 2',
                '  compile_success_total{backend="llvm",environment="development",host_region="unknown"} 1',
            ],
        ),
        ("compile_success_total", 3, {}, ["compile_success_total: 2 series have these labels; name more of them"]),
        (
            "compile_success_total",
            1,
            {"backend": "rust"},
            ["compile_success_total, backend='rust': expected 1, but no series has these labels"],
        ),
        (
            "compile_sucess_total",
            1,
            {},
            [
                "compile_sucess_total: expected 1, but nothing was recorded",
                "recorded metrics: compile_success_total, pipeline_latency_seconds; did you mean 'compile_success_total'?",  # noqa: E501
            ],
        ),
        ("pipeline_latency_seconds", 3, {}, ["pipeline_latency_seconds: expected 3, but it is 2"]),
    ],
)
def test_a_metric_that_differs_is_shown_with_its_family(
    recording: Recording, name: str, value: float, labels: dict[str, str], said: list[str]
) -> None:
    """The first line says what differs, the others what there is."""
    with pytest.raises(AssertionError) as caught:
        recording.assert_metric(name, value, **labels)
    assert str(caught.value).splitlines()[: len(said)] == said


def test_log_lines_are_found(recording: Recording) -> None:
    """By event, any of their fields and the severity; the first that fits is given."""
    assert recording.assert_logged("pipeline.start").fields["pipeline"] == "a"
    assert recording.assert_logged("pipeline.start", pipeline="b", severity="info").fields["pipeline"] == "b"


def test_a_line_that_is_missing_is_told_by_those_that_are_there(recording: Recording) -> None:
    """Lines of the event say what they have instead, the nearest first; without any the nearest name is offered."""
    with pytest.raises(AssertionError) as caught:
        recording.assert_logged("pipeline.start", pipeline="b", severity="error", attempt=2)
    assert str(caught.value).splitlines() == [
        "pipeline.start, pipeline='b', severity='error', attempt=2: no line of 2 has these fields:",
        "  info pipeline.start: severity is 'info', attempt is missing",
        "  info pipeline.start: pipeline is 'a', severity is 'info', attempt is missing",
    ]
    with pytest.raises(AssertionError, match=r"no such line; logged: pipeline.start; did you mean 'pipeline.start'\?"):
        recording.assert_logged("pipeline.strat")


def test_losses_are_told_with_their_cases() -> None:
    """Each reason has its number and the distinct cases; what is allowed, by name or pattern, does not count."""
    with isolated() as recording:
        recording.assert_whole()
        for colour in ("red", "blue"):
            with span("spec.parse", colour=colour):
                pass
        metric("compile_success_total").labels(backend="two words").inc()
        get_logger("tests").info("pipeline.strat")
    with pytest.raises(AssertionError) as caught:
        recording.assert_whole()
    text = str(caught.value)
    assert "  attribute_refused (2)\n    spec.parse: 'colour' is not allowed" in text
    assert "  label_value (1)\n    compile_success_total: label 'backend' must be a name" in text
    assert "  log_contract: pipeline.strat (1)\n    no event 'pipeline.strat' in the registry" in text
    with pytest.raises(AssertionError) as caught:
        recording.assert_whole(allow=["attribute_refused", "log_*"])
    assert [line.split()[0] for line in str(caught.value).splitlines() if line.startswith("  ") and line[2] != " "] == [
        "label_value"
    ]
    recording.assert_whole(allow=["*"])


def test_sampling_is_no_loss() -> None:
    """What a test asked not to be recorded is counted, and is not missing."""
    with isolated(sampler="always_off") as recording:
        with span("spec.parse"):
            pass
        assert recording.losses == {"sampled_out": 1}
        recording.assert_whole()
