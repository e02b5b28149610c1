"""The metrics of all processes of a folder, scraped from the gateway as Prometheus does it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tests.soak.execution import TELEMETRY, MisfireError, environment


def scraped(journal: Path) -> Counter[str]:
    """Scrape once; give the sum over all series of each sample's name."""
    with gateway(journal) as url:
        text = httpx.get(f"{url}/metrics", timeout=30).text
    sums: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] += sample.value  # type: ignore[assignment]
    return sums


@contextmanager
def gateway(journal: Path) -> Iterator[str]:
    """Run the gateway of a folder; give its base URL."""
    process = subprocess.Popen(
        [TELEMETRY, "gateway", journal, "--port", "0", "--json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise MisfireError(f"the gateway does not say where it listens:\n{process.communicate(timeout=10)[1]}")
        yield json.loads(line)["url"]
    finally:
        process.terminate()
        process.communicate(timeout=20)
