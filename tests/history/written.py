"""Samples as a scrape has them, written as each kind of source keeps them."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import inf, isnan
from pathlib import Path
from typing import Any

import duckdb
import httpx

Flat = tuple[str, dict[str, str], float, float]
LABELS = {"environment": "staging", "parser_id": "main", "language": "c", "instance": "a:9464"}
START_S = 1_790_000_400.0
BOUNDS = (50.0, 75.0, 100.0, inf)


def histogram(name: str, labels: Mapping[str, str], time_s: float, counts: Iterable[float], total: float) -> list[Flat]:
    """Give the samples of one scrape of a histogram, from its cumulative counts."""
    counts = list(counts)
    rows: list[Flat] = [
        (f"{name}_bucket", {**labels, "le": "+Inf" if bound == inf else str(bound)}, time_s, count)
        for bound, count in zip(BOUNDS, counts, strict=True)
    ]
    return [*rows, (f"{name}_sum", dict(labels), time_s, total), (f"{name}_count", dict(labels), time_s, counts[-1])]


def scrapes(minutes: int = 120) -> list[Flat]:
    """Give a histogram that 60 observations enter in a minute, and a gauge that rises from 0."""
    rows: list[Flat] = []
    for minute in range(minutes + 1):
        time_s = START_S + 60 * minute
        counts = (20.0 * minute, 40.0 * minute, 60.0 * minute, 60.0 * minute)
        rows += histogram("parse_duration_ms", LABELS, time_s, counts, 3600.0 * minute)
        rows.append(("telemetry_stream_lag_ms", {"environment": "staging"}, time_s, float(minute)))
    return rows


def write_parquet(path: Path, rows: Iterable[Flat]) -> Path:
    """Write a row for each sample, labels as JSON text."""
    text = path.with_suffix(".jsonl")
    text.write_text(
        "".join(
            json.dumps(
                {"name": name, "labels": json.dumps(labels), "time": at, "value": "nan" if isnan(value) else value}
            )
            + "\n"
            for name, labels, at, value in rows
        )
    )
    columns = "{name: 'VARCHAR', labels: 'VARCHAR', time: 'DOUBLE', value: 'DOUBLE'}"
    with duckdb.connect(":memory:") as database:
        database.execute(
            f"COPY (SELECT * FROM read_json('{text}', columns={columns}, format='newline_delimited')) "
            f"TO '{path}' (FORMAT parquet)"
        )
    text.unlink()
    return path


def import_lines(rows: Iterable[Flat]) -> str:
    """Give the lines that VictoriaMetrics imports."""
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, labels, at, value in rows:
        series[json.dumps({"__name__": name, **labels})].append((at, value))
    return "".join(
        json.dumps(
            {
                "metric": json.loads(key),
                "values": [v for _, v in found],
                "timestamps": [int(1000 * t) for t, _ in found],
            }
        )
        + "\n"
        for key, found in series.items()
    )


def into_victoria(url: str, rows: Iterable[Flat]) -> None:
    """Import samples into a VictoriaMetrics, and wait until they can be seen."""
    httpx.post(f"{url}/api/v1/import", content=import_lines(rows), trust_env=False).raise_for_status()
    httpx.get(f"{url}/internal/force_flush", trust_env=False).raise_for_status()


def into_blocks(folder: Path, rows: Iterable[Flat]) -> None:
    """Write samples as blocks of a Prometheus, by its own tool."""
    families = {"parse_duration_ms": "histogram", "telemetry_stream_lag_ms": "gauge"}
    rows, lines = list(rows), []
    for family, kind in families.items():
        lines.append(f"# TYPE {family} {kind}")
        for name, labels, at, value in rows:
            if name.startswith(family):
                text = ",".join(f'{key}="{each}"' for key, each in labels.items())
                lines.append(f"{name}{{{text}}} {value} {at:.3f}")
    source = folder.with_suffix(".om")
    source.write_text("\n".join([*lines, "# EOF", ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def otlp_lines(rows: Iterable[Flat]) -> str:
    """Give a line of OTLP JSON for each scrape of `scrapes`."""
    moments: dict[float, dict[str, float]] = defaultdict(dict)
    for name, labels, at, value in rows:
        moments[at][name + labels.get("le", "")] = value
    return "".join(json.dumps(_document(at, parts)) + "\n" for at, parts in moments.items())


def _document(at: float, parts: Mapping[str, float]) -> dict[str, Any]:
    time = {"timeUnixNano": str(int(at * 1e9))}
    counts = [parts[f"parse_duration_ms_bucket{each}"] for each in ("50.0", "75.0", "100.0", "+Inf")]
    own = [now - before for now, before in zip(counts, [0.0, *counts], strict=False)]
    point = {
        **time,
        "attributes": [{"key": key, "value": {"stringValue": each}} for key, each in LABELS.items()],
        "count": str(int(counts[-1])),
        "sum": parts["parse_duration_ms_sum"],
        "explicitBounds": [50, 75, 100],
        "bucketCounts": [str(int(each)) for each in own],
    }
    gauge = {**time, "asDouble": parts["telemetry_stream_lag_ms"]}
    metrics = [
        {"name": "parse_duration_ms", "histogram": {"aggregationTemporality": 2, "dataPoints": [point]}},
        {"name": "telemetry_stream_lag_ms", "gauge": {"dataPoints": [gauge]}},
    ]
    return {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"metrics": metrics}]}]}
