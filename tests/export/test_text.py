"""The classic text format, read as a scraper reads it."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.engines import needs

from telemetry.export import prometheus_text
from telemetry.export.sample import number
from telemetry.signals import Distribution, Family, Series

from .families import (
    ALL,
    COUNTER,
    HISTOGRAM,
    SUMMARY,
    WAIVED,
    Custom,
    families,
    go_float,
    in_prometheus_client,
    legal_label_names,
)


@given(st.lists(families(), max_size=3))
def test_same_bytes_as_prometheus_client(drawn: list[Family]) -> None:
    """Whatever both can say, both say in the same bytes."""
    theirs = generate_latest(Custom([in_prometheus_client(family) for family in drawn]))
    assert prometheus_text(drawn) == theirs


@given(st.floats())
def test_same_numbers_as_prometheus_client(value: float) -> None:
    """Every float is written as Go writes it, which is what prometheus_client imitates."""
    assert number(value) == go_float(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (999_999, "999999.0"),
        (1_000_000, "1e+06"),
        (1_234_567.5, "1.2345675e+06"),
        (-1_000_000, "-1000000.0"),
        (1e16, "1e+16"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    """Exponents begin at a million, and only for positive numbers."""
    assert number(value) == text


def test_histogram_is_cumulative() -> None:
    """Buckets are summed up from the left, end in +Inf, and are followed by count and sum."""
    assert prometheus_text([HISTOGRAM]).decode().splitlines()[2:] == [
        'lowering_duration_seconds_bucket{backend="c-gcc",le="0.5"} 1.0',
        'lowering_duration_seconds_bucket{backend="c-gcc",le="1.0"} 3.0',
        'lowering_duration_seconds_bucket{backend="c-gcc",le="2.5"} 3.0',
        'lowering_duration_seconds_bucket{backend="c-gcc",le="+Inf"} 4.0',
        'lowering_duration_seconds_count{backend="c-gcc"} 4.0',
        'lowering_duration_seconds_sum{backend="c-gcc"} 9.5',
    ]


def test_histogram_of_negative_values_has_no_sum() -> None:
    """A sum that may fall is not shown, since whoever takes a rate of it would see resets."""
    family = replace(HISTOGRAM, bounds=(-1.0, 0.0, 1.0))
    text = prometheus_text([family]).decode()
    assert "_bucket" in text
    assert "_sum" not in text


def test_summary_shows_its_quantiles() -> None:
    """A summary has one line a quantile, then count and sum."""
    assert prometheus_text([SUMMARY]).decode().splitlines()[2:] == [
        'offline_bundle_size_bytes{quantile="0.5",target="linux"} 2048.0',
        'offline_bundle_size_bytes{quantile="0.99",target="linux"} 1e+07',
        'offline_bundle_size_bytes_count{target="linux"} 9.0',
        'offline_bundle_size_bytes_sum{target="linux"} 1.23456789e+08',
    ]


def test_waived_counter_keeps_its_name() -> None:
    """A counter without `_total` is still typed as a counter, under the name that its contract gives."""
    text = prometheus_text([WAIVED]).decode()
    assert "# TYPE escaped_defect_count counter\n" in text
    assert 'escaped_defect_count{team="qa"} 4.0\n' in text


def test_names_of_opentelemetry_become_legal() -> None:
    """A dotted name or label of a foreign instrument turns into underscores, so the scrape stays readable."""
    family = Family("http.server.duration", "gauge", "s", "", ("http.route", "1st"), (Series(("/", "x"), 1.0),))
    assert 'http_server_duration{_st="x",http_route="/"} 1.0' in prometheus_text([family]).decode()


def test_half_a_surrogate_costs_one_character() -> None:
    """A label value out of an undecodable file name does not take the whole scrape down."""
    family = replace(COUNTER, series=(Series(("caf\udce9", "production"), 1.0),))
    assert b'backend="caf?"' in prometheus_text([family])


@given(families(legal_label_names))
def test_parser_gives_back_the_samples(family: Family) -> None:
    """prometheus_client's parser finds every sample that was written, with its labels as they were."""
    metrics = list(text_string_to_metric_families(prometheus_text([family]).decode()))
    samples = [sample for metric in metrics for sample in metric.samples]
    assert len(samples) == sum(_sample_count(family, series) for series in family.series)
    read = {tuple(sample.labels[name] for name in family.labels) for sample in samples}
    assert read == {series.labels for series in family.series if _sample_count(family, series)}


def _sample_count(family: Family, series: Series) -> int:
    value = series.value
    if isinstance(value, Distribution):
        return len(value.buckets) + (2 if not family.bounds or family.bounds[0] >= 0 else 0)
    return 1 if isinstance(value, int | float) else len(value.values) + 2


@needs("promtool")
def test_promtool_accepts_the_text() -> None:
    """Prometheus' own linter parses the page, and objects to nothing but the waived name."""
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=prometheus_text(ALL), capture_output=True, check=False
    )
    complaints = checked.stderr.decode().splitlines()
    assert [line for line in complaints if not line.startswith("escaped_defect_count")] == []
