"""Every source tells the same of the same samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.engines import needs
from tests.history.running import prometheus, victoria
from tests.history.written import START_S, into_blocks, into_victoria, otlp_lines, scrapes, write_parquet

from telemetry.contracts import load_registry
from telemetry.operations.history import Query, open_history

FORMS = (
    "parquet",
    "otlp",
    pytest.param("prometheus", marks=needs("prometheus", "promtool")),
    pytest.param("victoria", marks=needs("victoria-metrics")),
)
WINDOW = (START_S + 600, START_S + 1200)


@contextmanager
def source(form: str, folder: Path) -> Iterator[str]:
    """Keep the same samples in a source; give its name."""
    if form == "parquet":
        yield str(write_parquet(folder / "scrapes.parquet", scrapes()))
    elif form == "otlp":
        path = folder / "scrapes.jsonl"
        path.write_text(otlp_lines(scrapes()))
        yield str(path)
    elif form == "prometheus":
        into_blocks(folder / "blocks", scrapes())
        with prometheus(folder / "blocks") as url:
            yield url
    else:
        with victoria(folder / "store") as url:
            into_victoria(url, scrapes())
            yield url


@pytest.mark.parametrize("form", FORMS)
def test_sources_agree(form: str, tmp_path: Path) -> None:
    """A histogram and a gauge come back with their labels, as they were sampled, without repeated values."""
    with source(form, tmp_path) as name:
        history = open_history(name, load_registry())
        (durations,) = history.read(Query("parse_duration_ms", "histogram", *WINDOW)).series
        (lag,) = history.read(Query("telemetry_stream_lag_ms", "gauge", *WINDOW)).series
    assert [each.time_s for each in durations.samples] == [START_S + 60 * minute for minute in range(10, 21)]
    last = durations.samples[-1]
    assert (last.value, last.count) == (72_000, 1200)
    assert list(last.buckets.items()) == [(50, 400), (75, 800), (100, 1200), (float("inf"), 1200)]
    assert durations.labels["language"] == "c"
    assert [each.value for each in lag.samples] == [float(minute) for minute in range(10, 21)]


@pytest.mark.parametrize("form", FORMS)
def test_labels_choose(form: str, tmp_path: Path) -> None:
    """Only series with the labels that were asked for come back."""
    with source(form, tmp_path) as name:
        history = open_history(name, load_registry())
        for environment, count in (("staging", 1), ('prod"} or up{a="', 0)):
            labels = {"environment": environment}
            found = history.read(Query("parse_duration_ms", "histogram", *WINDOW, labels)).series
            assert len(found) == count


@needs("victoria-metrics")
def test_a_long_window_is_whole(tmp_path: Path) -> None:
    """A window that takes several requests has each sample once."""
    with source("victoria", tmp_path) as name:
        query = Query("telemetry_stream_lag_ms", "gauge", START_S - 20 * 3600, START_S + 7200)
        (lag,) = open_history(name, load_registry()).read(query).series
    assert [each.value for each in lag.samples] == [float(minute) for minute in range(121)]
