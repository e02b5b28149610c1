"""Tracing: what becomes of a finished span, and of the spans of OpenTelemetry's API."""

from __future__ import annotations

from telemetry._hotpath import decoded

from .batch import FinishedSpans
from .idgenerator import OwnIds, PluggedIds
from .records import Recorder
from .sampler import sampler
from .terms import Terms
from .watch import Watch

__all__ = ("FinishedSpans", "OwnIds", "PluggedIds", "Recorder", "Terms", "Watch", "decoded", "sampler")
