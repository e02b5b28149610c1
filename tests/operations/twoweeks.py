"""Two weeks of a parser that never ran, with incidents that are labelled, and blips that nobody should be woken for.

Every run draws other weeks, from a seed that the test prints: `TELEMETRY_SEED=7 pytest …` draws those of 7 again.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

BOUNDS_MS = (10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 600, 1000, np.inf)
SERVICES = tuple(product(("production", "staging"), ("alpha", "beta"), ("sql", "dax")))
STEP_SECONDS = 60
END = 1_795_219_200  # 2026-11-21, so that the weeks are the same for a seed


@dataclass(frozen=True)
class TwoWeeks:
    """Where the history and the labels of its incidents are, and what it was drawn from."""

    history: Path
    incidents: Path
    seed: int


def seed() -> int:
    """Give the seed of the environment, or a new one."""
    return int(os.environ.get("TELEMETRY_SEED") or secrets.randbelow(1 << 32))


def write_two_weeks(folder: Path, seed: int, *, days: int = 14, incidents: int = 12, blips: int = 120) -> TwoWeeks:
    """Write `history.parquet` and `incidents.json` into a folder."""
    random = np.random.default_rng(seed)
    steps = days * 86_400 // STEP_SECONDS
    times = END - days * 86_400 + np.arange(steps) * STEP_SECONDS
    slower = np.ones((len(SERVICES), steps))
    labelled = []
    for number, start in enumerate(np.sort(random.choice(np.arange(120, steps - 200, 240), incidents, replace=False))):
        service, length = random.integers(len(SERVICES)), random.integers(30, 90)
        slower[service, start : start + length] *= random.uniform(4.0, 6.0)
        where = dict(zip(("environment", "squad", "parser"), SERVICES[service], strict=True))
        when = {"start": int(times[start]), "end": int(times[start + length])}
        labelled.append({"name": f"INC-{number}", "labels": where, **when})
    for _ in range(blips):
        service, start = random.integers(len(SERVICES)), random.integers(60, steps - 10)
        slower[service, start : start + random.integers(1, 4)] *= random.uniform(3.5, 5.0)
    (folder / "incidents.json").write_text(json.dumps(labelled))
    _write(folder / "history.parquet", times, _series(random, times, slower))
    return TwoWeeks(folder / "history.parquet", folder / "incidents.json", seed)


Drawn = list[tuple[str, dict[str, str], NDArray[Any]]]


def _series(random: np.random.Generator, times: NDArray[Any], slower: NDArray[Any]) -> Drawn:
    """Draw the parse times of every service, busier by day than by night."""
    daily = np.sin(2 * np.pi * (times % 86_400) / 86_400)
    found: Drawn = []
    for (environment, squad, parser), factor in zip(SERVICES, slower, strict=True):
        labels = {"environment": environment, "squad": squad, "parser": parser}
        count = random.poisson(60 + 30 * daily)
        median = 60 * (1 + 0.1 * daily) * factor
        # A logistic curve over the logarithm is near enough to how parse times spread.
        share = 1 / (1 + np.exp(-(np.log(np.array(BOUNDS_MS[:-1]))[:, None] - np.log(median)) / 0.2))
        below = np.vstack([np.floor(share * count + random.random(share.shape) * 0.5), count])
        below = np.minimum(np.maximum.accumulate(below, axis=0), count)
        for bound, values in zip(BOUNDS_MS, below, strict=True):
            le = "+Inf" if bound == np.inf else f"{bound:g}"
            found.append(("parse_duration_ms_bucket", {**labels, "le": le}, np.cumsum(values)))
        found.append(("parse_duration_ms_count", labels, np.cumsum(count)))
        found.append(("parse_duration_ms_sum", labels, np.cumsum(count * median)))
    return found


def _write(path: Path, times: NDArray[Any], series: Drawn) -> None:
    keys = ("environment", "squad", "parser", "le")
    rows = [(number, name, *(labels.get(key) for key in keys)) for number, (name, labels, _) in enumerate(series)]
    samples = {
        "series": np.repeat(np.arange(len(series)), len(times)),
        "seconds": np.tile(times, len(series)),
        "value": np.concatenate([values for _, _, values in series]).astype(float),
    }
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE named (series INT, metric TEXT, environment TEXT, squad TEXT, parser TEXT, le TEXT)"
        )
        connection.executemany("INSERT INTO named VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute(
            "COPY (SELECT metric, environment, squad, parser, le, make_timestamp(seconds * 1000000) AS ts, value "
            f"FROM samples JOIN named USING (series)) TO '{path}' (FORMAT parquet)"
        )
    del samples
