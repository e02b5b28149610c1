"""Metrics as people see them at a terminal."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.export import render_table
from telemetry.export.table import estimate_quantile
from telemetry.signals import Distribution, Family, Quantiles, Series

from .families import ALL, COUNTER, GAUGE, HISTOGRAM, SUMMARY


def test_table() -> None:
    """One line a series, in columns: values for counters and gauges, estimates for distributions."""
    assert render_table([COUNTER, GAUGE, HISTOGRAM]).splitlines() == [
        "METRIC                     LABELS                                  UNIT     VALUE",
        "compile_success_total      backend=c-gcc environment=production    count    12",
        "compile_success_total      backend=c-clang environment=production  count    3",
        "verification_block_rate                                            ratio    0.25",
        "lowering_duration_seconds  backend=c-gcc                           seconds  n=4  mean=2.375  p50=0.75  p99≥2.5",  # noqa: E501
    ]


def test_summary_shows_its_own_quantiles() -> None:
    """The quantiles of a summary are those that it holds."""
    assert render_table([SUMMARY]).splitlines()[1] == (
        "offline_bundle_size_bytes  target=linux  bytes  n=9  mean=13717421  p50=2048  p99=10000000"
    )


def test_ascii_and_width() -> None:
    """The table can do without characters beyond ASCII, and keeps to its width."""
    drawn = render_table(ALL, ascii=True, width=100)
    assert drawn.isascii()
    assert "p99>2.5" in render_table(ALL, ascii=True)
    assert max(len(line) for line in drawn.splitlines()) == 100


def test_color_paints_the_header() -> None:
    """Painted or not, the table has the same text."""
    painted = render_table(ALL, color=True)
    assert painted.startswith("\x1b[1mMETRIC")
    assert painted.count("\x1b[") == 2 * painted.count("\x1b[0m")


def test_without_observations() -> None:
    """A distribution that saw nothing says so, and divides by nothing."""
    empty = Distribution((0, 0, 0, 0), 0.0)
    quantiles = Quantiles(((0.5, math.nan),), 0, 0.0)
    families = [
        Family("h", "histogram", "", "", (), (Series((), empty),), (1.0, 2.0, 3.0)),
        Family("s", "summary", "", "", (), (Series((), quantiles),)),
    ]
    assert [line.split()[-1] for line in render_table(families).splitlines()[1:]] == ["n=0", "n=0"]


def test_special_values() -> None:
    """What is no finite number is shown as it is, and a label that would break the line is escaped."""
    values = (math.nan, math.inf, -math.inf, 1e300, 1e-7, 123456789.0)
    family = Family("g", "gauge", "", "", ("n",), tuple(Series((f"a\n{n}",), v) for n, v in enumerate(values)))
    lines = render_table([family]).splitlines()[1:]
    assert [line.split()[-1] for line in lines] == ["nan", "inf", "-inf", "1e+300", "1e-07", "123456789"]
    assert lines[0].startswith("g       n=a\\n0")


def test_nothing() -> None:
    """Without series there is only the header."""
    assert render_table([]) == "METRIC  LABELS  UNIT  VALUE"


@pytest.mark.parametrize(
    ("quantile", "buckets", "expected"),
    [
        (0.0, (1, 2, 0, 1), 0.0),
        (0.0, (0, 2, 0, 1), 0.5),
        (0.25, (1, 2, 0, 1), 0.5),
        (0.5, (1, 2, 0, 1), 0.75),
        (0.75, (1, 2, 0, 1), 1.0),
        (0.99, (1, 2, 0, 1), math.inf),
        (1.0, (1, 2, 0, 0), 1.0),
    ],
)
def test_quantile_is_interpolated(quantile: float, buckets: tuple[int, ...], expected: float) -> None:
    """Within a bucket the observations are taken to be spread evenly; beyond the last bound nothing is known."""
    assert estimate_quantile(quantile, HISTOGRAM.bounds, Distribution(buckets, 0.0)) == expected


def test_quantile_of_a_lowest_bucket_below_zero() -> None:
    """A lowest bucket with a negative bound is a point, since nothing bounds it from below."""
    assert estimate_quantile(0.5, (-5.0, 1.0), Distribution((4, 0, 0), 0.0)) == -5.0
    assert estimate_quantile(0.5, (), Distribution((4,), 0.0)) == math.inf


@given(st.lists(st.floats(0, 9.99), min_size=1, max_size=50), st.floats(0.01, 1))
def test_quantile_is_in_the_bucket_of_the_true_one(values: list[float], quantile: float) -> None:
    """The estimate is never further off than the width of a bucket."""
    bounds = tuple(float(bound) for bound in range(1, 11))
    counts = [0] * 11
    for value in values:
        counts[math.floor(value) if value != math.floor(value) else max(math.floor(value) - 1, 0)] += 1
    true = sorted(values)[math.ceil(quantile * len(values) - 1e-9) - 1]
    estimate = estimate_quantile(quantile, bounds, Distribution(tuple(counts), 0.0))
    assert abs(estimate - true) <= 1.0
