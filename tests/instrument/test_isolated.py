"""`isolated()`: a recording of one's own for the length of a block."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from tests.instrument.shop import REGISTRY

import telemetry
from telemetry import ContractError, instrument_span, metric, span
from telemetry.logs import get_logger
from telemetry.testing import isolated


def test_it_gives_back_what_was_recorded() -> None:
    """Spans in the order of their ends, families by name, log lines, and losses by reason; also after the block."""
    with isolated(registry=[REGISTRY]) as recording:
        with span("job"), span("job.step"):
            metric("shop_jobs_total").labels(worker="w").inc(2)
            get_logger("tests").info("job.done", size=3)
        span("jbo")
    assert [found.name for found in recording.spans] == ["job.step", "job"]
    assert recording.metrics["shop_jobs_total"].series[0].labels == ("w", "development")
    assert recording.value("shop_jobs_total", worker="w") == 2.0
    [line] = recording.logs
    assert (line.event, line.fields["size"], line.span_id) == ("job.done", 3, recording.spans[0].span_id)
    assert recording.losses["span_refused"] == 1


def test_a_value_is_found_by_as_many_labels_as_it_takes() -> None:
    """None where no series fits; an error that says so where several do."""
    with isolated(registry=[REGISTRY]) as recording:
        assert recording.value("shop_jobs_total") is None
        for worker in ("a", "b"):
            metric("shop_jobs_total").labels(worker=worker).inc()
        assert recording.value("shop_jobs_total", worker="a") == 1.0
        assert recording.value("shop_jobs_total", worker="c") is None
        with pytest.raises(LookupError, match="2 series of shop_jobs_total have the labels"):
            recording.value("shop_jobs_total")


def test_it_nests_and_ends_where_it_began() -> None:
    """The inner one records alone; afterwards the outer one goes on, and at the end nothing records."""

    @instrument_span("job")
    def job() -> None:
        """Do nothing."""

    with isolated(registry=[REGISTRY]) as outer:
        job()
        with isolated(registry=[REGISTRY]) as inner:
            job()
            job()
        job()
    job()
    assert (len(outer.spans), len(inner.spans)) == (2, 2)
    assert telemetry.current() is None
    assert not span("job").is_recording()


def test_an_exception_ends_it_too() -> None:
    """Whatever leaves the block, recording stops."""
    with pytest.raises(ZeroDivisionError), isolated(registry=[REGISTRY]) as recording, span("job"):
        raise ZeroDivisionError
    assert recording.spans[0].status == "error"
    assert telemetry.current() is None


def test_what_was_decorated_wrongly_stops_it_as_long_as_somebody_has_it() -> None:
    """The error is raised at its start; garbage of an earlier test does not count."""

    def wrong() -> object:
        @instrument_span("jbo")
        def job() -> None:
            """Do nothing."""

        return job

    kept = wrong()
    with pytest.raises(ContractError, match="did you mean 'job'") as caught, isolated(registry=[REGISTRY]):
        pass
    cycle = [kept, caught]
    cycle.append(cycle)
    del kept, caught, cycle
    gc.disable()
    try:
        with isolated(registry=[REGISTRY]) as recording:
            assert recording.spans == []
    finally:
        gc.enable()


def test_a_registry_may_be_named_from_where_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path counts from the working directory, alone or among several."""
    monkeypatch.chdir(REGISTRY.parent)
    for given in (REGISTRY.name, [REGISTRY.name], Path(REGISTRY.name)):
        with isolated(registry=given) as recording:
            metric("shop_ticks_total").inc()
            assert recording.value("shop_ticks_total") == 1.0
