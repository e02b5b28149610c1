"""The history of a rollout, as samples of histograms, summaries and gauges: a day before it, and 48 hours of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path

from tests.history.written import Flat, write_parquet

HOUR = 3600
FLAG_S = 1_790_035_200.0 - 1_790_035_200.0 % 86_400
BEFORE_S = FLAG_S - 24 * HOUR
CHECKPOINTS = (1, 12, 24, 36, 48)
_PER_MINUTE = 1e6
_STEP = 60


def between(first: float, then: float, last: float) -> tuple[float, ...]:
    """Give a row at all checkpoints from what is known at 1, 24 and 48 h: in between it goes straight."""
    return first, first + (then - first) * 11 / 23, then, (then + last) / 2, last


BASE: Mapping[str, float] = {
    "p50": 58.1,
    "p95": 83.5,
    "batch": 121.4,
    "cli": 47.1,
    "cicd": 0.976,
    "cpu": 64.0,
    "lag": 195.0,
}
ROLLOUT: Mapping[str, Sequence[float]] = {
    "p50": between(58.9, 58.7, 58.4),
    "p95": between(84.7, 84.5, 84.2),
    "batch": between(123.1, 122.8, 122.3),
    "cli": between(48.3, 48.1, 47.8),
    "cicd": between(0.978, 0.981, 0.983),
    "cpu": between(64.2, 64.3, 64.1),
    "lag": between(218, 212, 205),
}
_GAUGES = {
    "cli_latency_p95_ms": "cli",
    "cicd_success_ratio": "cicd",
    "resource_utilization_cpu_percent": "cpu",
    "telemetry_stream_lag_ms": "lag",
}


def told(changes: Mapping[str, float] | None = None, *, region: str = "") -> list[Flat]:
    """Give the samples, one a minute; `changes` multiplies rows of the rollout."""
    rows: list[Flat] = []
    counts, files = [0.0] * 4, [0.0, 0.0]
    labels = {"environment": "production", **({"host_region": region} if region else {})}
    for second in range(0, int(FLAG_S - BEFORE_S) + 48 * HOUR + 1, _STEP):
        now_s = BEFORE_S + second
        state = _state(now_s, changes or {})
        if second:
            for index, share in enumerate(_shares(state["p50"], state["p95"])):
                counts[index] += round(_PER_MINUTE * share)
            files = [files[0] + 10 * state["batch"], files[1] + 10]
        rows += _scrape(labels, now_s, counts, files)
        rows += [(name, labels, now_s, _state(now_s + 1, changes or {})[key]) for name, key in _GAUGES.items()]
    return rows


def written(path: Path, changes: Mapping[str, float] | None = None) -> Path:
    """Write the samples as Parquet."""
    return write_parquet(path, told(changes))


def _state(now_s: float, changes: Mapping[str, float]) -> Mapping[str, float]:
    hours = (now_s - FLAG_S) / HOUR
    if hours <= 0:
        return BASE
    index = next((at for at, end in enumerate(CHECKPOINTS) if hours <= end), len(CHECKPOINTS) - 1)
    return {name: values[index] * changes.get(name, 1.0) for name, values in ROLLOUT.items()}


def _shares(p50: float, p95: float) -> tuple[float, ...]:
    """Give the cumulative shares of the buckets up to 50, 75, 100 and infinity that have these quantiles."""
    inside = (p95 - 75) / 25
    until_75 = (0.95 - inside) / (1 - inside)
    inside = (p50 - 50) / 25
    return (0.5 - inside * until_75) / (1 - inside), until_75, 1.0, 1.0


def _scrape(labels: Mapping[str, str], now_s: float, counts: Sequence[float], files: Sequence[float]) -> list[Flat]:
    buckets = zip((50.0, 75.0, 100.0, inf), counts, strict=True)
    name = "parse_duration_ms"
    rows: list[Flat] = [
        (f"{name}_bucket", {**labels, "le": "+Inf" if bound == inf else str(bound)}, now_s, count)
        for bound, count in buckets
    ]
    rows += [(f"{name}_sum", dict(labels), now_s, 60 * counts[-1]), (f"{name}_count", dict(labels), now_s, counts[-1])]
    return [
        *rows,
        ("parse_batch_size_sum", dict(labels), now_s, files[0]),
        ("parse_batch_size_count", dict(labels), now_s, files[1]),
    ]
