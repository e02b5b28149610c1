"""Scrape 64 processes of 1000 series each: read their pages, merge them, write the page."""

from __future__ import annotations

from benchmarks import processes
from benchmarks.harness import Case

CASES = (
    Case("gateway/telemetry", processes.gateway, number=4),
    Case("gateway/prometheus", processes.prometheus, number=1),
)
