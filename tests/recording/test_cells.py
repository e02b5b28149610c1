"""Metric cells, as a reader of families sees them."""

from __future__ import annotations

import json
import math
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import pytest

import telemetry
from telemetry.signals import Distribution, Quantiles
from telemetry.testing import Recording, isolated

_METRICS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("jobs_total", "counter", "count", {}),
    ("queue_depth", "gauge", "jobs", {}),
    ("share_ratio", "gauge", "ratio", {"range": [0, 1]}),
    ("job_duration_seconds", "histogram", "seconds", {"buckets": [0.1, 1, 10]}),
    ("payload_bytes", "summary", "bytes", {"quantiles": [0.1, 0.5, 0.9, 0.99]}),
]


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """Record under a registry with one metric of each kind, labelled by `shop`."""
    common = {"description": "One.", "owner": "me", "labels": ["shop", "environment"]}
    metrics = [{"name": name, "kind": kind, "unit": unit, **common, **more} for name, kind, unit, more in _METRICS]
    path = tmp_path / "registry.json"
    path.write_text(json.dumps({"name": "shop", "metrics": metrics}))
    with isolated(registry=path) as made:
        yield made


def _child(name: str, shop: str = "one") -> Any:
    return telemetry.metric(name).labels(shop=shop)


def test_a_counter_only_rises(recording: Recording) -> None:
    """Whole and broken amounts add up; what is negative, infinite or no number is refused and counted."""
    child = _child("jobs_total")
    child.inc()
    child.inc(2.5)
    for wrong in (-1, math.inf, math.nan, "many", None):
        child.inc(wrong)
    assert recording.value("jobs_total") == 3.5
    assert recording.losses == {"value_out_of_range": 5}


def test_a_gauge_is_set_and_moved_within_its_range(recording: Recording) -> None:
    """Set, inc and dec; a value outside of the contract's range leaves the last one."""
    depth = _child("queue_depth")
    depth.set(5)
    depth.inc()
    depth.dec(2)
    assert recording.value("queue_depth") == 4.0
    share = _child("share_ratio")
    share.set(0.5)
    share.set(1.5)
    assert recording.value("share_ratio") == 0.5
    assert recording.losses == {"value_out_of_range": 1}


def test_histogram_buckets_are_those_of_prometheus(recording: Recording) -> None:
    """A value on a bound belongs to that bucket, as prometheus_client counts it."""
    values = [0.0, 0.05, 0.1, 0.100001, 1, 1.0000001, 10, 10.1, 1e9, -1]
    theirs = prometheus_client.Histogram("h", "x", buckets=(0.1, 1, 10), registry=prometheus_client.CollectorRegistry())
    for value in values:
        _child("job_duration_seconds").observe(value)
        theirs.observe(value)
    ours = recording.value("job_duration_seconds")
    assert isinstance(ours, Distribution)
    cumulative = [sum(ours.buckets[: index + 1]) for index in range(len(ours.buckets))]
    samples = [sample for sample in next(iter(theirs.collect())).samples if sample.name == "h_bucket"]
    assert cumulative == [sample.value for sample in samples]
    assert ours.count == len(values)
    assert ours.sum == pytest.approx(sum(values))


@pytest.mark.parametrize("shape", ["uniform", "lognormal", "rising", "falling", "two peaks"])
def test_summary_quantiles_are_within_one_per_cent(recording: Recording, shape: str) -> None:
    """Whatever the shape and order, an estimate lies within 1 % of the exact value at that rank."""
    draw = random.Random(shape)
    shapes = {
        "uniform": [draw.uniform(1, 1000) for _ in range(3000)],
        "lognormal": [draw.lognormvariate(3, 1) for _ in range(3000)],
        "rising": [1.01**n for n in range(1000)],
        "falling": [1.01**n for n in reversed(range(1000))],
        "two peaks": [draw.choice((10, 10_000)) * draw.uniform(0.9, 1.1) for _ in range(3000)],
    }
    values = shapes[shape]
    child = _child("payload_bytes")
    for value in values:
        child.observe(value)
    found = recording.value("payload_bytes")
    assert isinstance(found, Quantiles)
    assert found.count == len(values)
    assert found.sum == pytest.approx(sum(values))
    ordered = sorted(values)
    for share, estimate in found.values:
        exact = ordered[int(share * (len(ordered) - 1))]
        assert estimate == pytest.approx(exact, rel=0.0101), share


def test_threads_lose_nothing(recording: Recording) -> None:
    """Eight threads that count and observe at once add up exactly."""
    counter, histogram = _child("jobs_total"), _child("job_duration_seconds")

    def work() -> None:
        for _ in range(20_000):
            counter.inc()
            histogram.observe(0.5)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recording.value("jobs_total") == 160_000.0
    value = recording.value("job_duration_seconds")
    assert isinstance(value, Distribution)
    assert value.buckets == (0, 160_000, 0, 0)


def test_past_the_limit_all_share_one_series(recording: Recording) -> None:
    """The default limit is 200 series; the rest is counted in `_overflow`, and the excess is counted."""
    for number in range(250):
        _child("jobs_total", f"shop{number}").inc()
    family = recording.metrics["jobs_total"]
    assert len(family.series) == 201
    assert recording.value("jobs_total", shop="_overflow") == 50.0
    assert sum(series.value for series in family.series if isinstance(series.value, float)) == 250.0
    assert recording.losses["cardinality_overflow"] == 50


@pytest.mark.parametrize("value", ["", "two words", "8d7a5c1e-2f3b-4c6d-9e8f-0a1b2c3d4e5f", "x" * 200])
def test_ids_and_texts_are_no_label_values(recording: Recording, value: str) -> None:
    """They are refused, counted, and make no series."""
    _child("jobs_total", value).inc()
    assert recording.value("jobs_total") is None
    assert recording.losses["label_value"] >= 1


def test_a_forked_child_counts_from_zero(recording: Recording) -> None:
    """The child's cells are empty, and what it counts does not reach the parent's."""
    child = _child("jobs_total")
    child.inc(7)
    pid = os.fork()
    if pid == 0:
        child.inc()
        os._exit(0 if recording.value("jobs_total") == 1.0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert recording.value("jobs_total") == 7.0


def test_unknown_names_and_wrong_operations_are_counted_not_raised(recording: Recording) -> None:
    """A metric, label or operation that the registry lacks records nothing, and each has its reason."""
    telemetry.metric("no_such_total").inc()
    telemetry.metric("jobs_total").labels(shop="one", colour="red").inc()
    telemetry.metric("jobs_total").inc()
    _child("jobs_total").observe(3)
    assert set(recording.losses) == {"metric_refused", "label_unknown", "label_missing", "metric_misused"}


def test_a_block_is_timed_in_the_contracts_unit(recording: Recording) -> None:
    """`time()` observes seconds where the contract says seconds, also when the block raises."""
    with pytest.raises(ValueError, match="mine"), _child("job_duration_seconds").time():
        raise ValueError("mine")
    value = recording.value("job_duration_seconds")
    assert isinstance(value, Distribution)
    assert value.count == 1
    assert 0 < value.sum < 0.1


def test_the_block_rate_follows_from_its_counter() -> None:
    """A derived gauge is the share in its counter, by the gauge's own labels; nothing counted, nothing shown."""
    with isolated() as recording:
        assert recording.value("verification_block_rate") is None
        for outcome, times in (("passed", 3), ("blocked", 1)):
            telemetry.metric("verification_total").labels(backend="c-gcc", outcome=outcome).inc(times)
        telemetry.metric("verification_total").labels(backend="python", outcome="passed").inc()
        assert recording.value("verification_block_rate", backend="c-gcc") == 0.25
        assert recording.value("verification_block_rate", backend="python") == 0.0
