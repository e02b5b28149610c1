"""Replay of a bundle: into an OTLP endpoint, as OTLP JSON lines, or as OpenMetrics with timestamps."""

from __future__ import annotations

from .backfill import backfill_text
from .jsonlines import json_lines
from .progress import Progress, ReplayRecord
from .request import Request, requests
from .sending import Outcome, Replay
from .source import BundleContents, ProcessContents, ProcessRecords, left_out, processes

__all__ = (
    "BundleContents",
    "Outcome",
    "ProcessContents",
    "ProcessRecords",
    "Progress",
    "Replay",
    "ReplayRecord",
    "Request",
    "backfill_text",
    "json_lines",
    "left_out",
    "processes",
    "requests",
)
