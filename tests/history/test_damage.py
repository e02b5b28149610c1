"""Whatever is wrong with a source is said, by name."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from math import nan
from pathlib import Path
from threading import Thread

import pytest
from tests.history.running import free_port
from tests.history.written import START_S, Flat, otlp_lines, scrapes, write_parquet

from telemetry.contracts import load_registry
from telemetry.operations.history import HistoryError, Query, Reading, Sample, Series, cleaned, open_history

LAG = Query("telemetry_stream_lag_ms", "gauge", START_S, START_S + 7200)
(STALE,) = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))


def read(source: str | Path) -> Reading:
    """Read the gauge of a source."""
    return open_history(str(source), load_registry()).read(LAG)


def gauge(values: Sequence[float], origin: str = "a:9464") -> Reading:
    """Make a reading of one gauge, with a sample a second."""
    samples = [Sample(START_S + second, value) for second, value in enumerate(values)]
    return Reading([Series({}, samples, origin)])


def test_a_half_written_line_is_said(tmp_path: Path) -> None:
    """The last line of a file that is still written is left out and counted; the others stand."""
    path = tmp_path / "x.jsonl"
    path.write_text(otlp_lines(scrapes(3))[:-40])
    reading = read(path)
    assert len(reading.series[0].samples) == 3
    assert "1 lines or batches cannot be read" in reading.problems[0]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """A file without OTLP is not an empty history."""
    path = tmp_path / "x.jsonl"
    path.write_text("good morning\n")
    with pytest.raises(HistoryError, match=r"no line of it is OTLP"):
        read(path)


def test_half_a_parquet_file_is_refused(tmp_path: Path) -> None:
    """Parquet without its end cannot be read, and the message says which file."""
    path = write_parquet(tmp_path / "x.parquet", scrapes(3))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(HistoryError, match=r"x\.parquet: it cannot be read as Parquet"):
        read(path)


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    """Neither a missing file nor an empty folder is an empty history."""
    with pytest.raises(HistoryError, match="there is no such file"):
        read(tmp_path / "none")
    with pytest.raises(HistoryError, match="neither a journal nor a Parquet file"):
        read(tmp_path)


def test_an_engine_that_is_down_is_named() -> None:
    """The address of an engine that does not answer is in the message, without its password."""
    port = free_port()
    with pytest.raises(HistoryError, match=f"http://127.0.0.1:{port}: it does not answer") as caught:
        read(f"http://me:geheim@127.0.0.1:{port}")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"status":"success"}', b"[]"])
def test_another_server_is_told_from_an_engine(body: bytes) -> None:
    """What answers otherwise than Prometheus' API is refused."""

    class Other(BaseHTTPRequestHandler):
        """Answers one text."""

        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(HistoryError, match=str(server.server_port)):
            read(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_samples_of_the_future_are_named() -> None:
    """A clock that is ahead is named with how far; its samples are left out."""
    found = cleaned(gauge([1.0, 2.0], "fast:1"), now_s=START_S - 100)
    assert not found.series
    assert found.problems == ["samples of fast:1 are from the future, by up to 101 s: its clock and this one disagree"]


def test_values_that_are_no_numbers_are_said() -> None:
    """NaN is left out and counted; a staleness marker is left out in silence."""
    found = cleaned(gauge([1.0, nan, STALE, 2.0]), now_s=START_S + 100)
    assert [each.value for each in found.series[0].samples] == [1.0, 2.0]
    assert found.problems == ["1 samples of a:9464 are no numbers, and were left out"]


def test_half_a_scrape_is_left_out(tmp_path: Path) -> None:
    """A histogram without its count at a moment has no sample then."""
    rows: list[Flat] = [row for row in scrapes(3) if not (row[0].endswith("_count") and row[2] == START_S + 60)]
    history = open_history(str(write_parquet(tmp_path / "x.parquet", rows)), load_registry())
    (series,) = history.read(Query("parse_duration_ms", "histogram", START_S, START_S + 7200)).series
    assert [each.time_s - START_S for each in series.samples] == [0, 120, 180]
