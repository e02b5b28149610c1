"""Tracing: what becomes of a finished span, and of the spans of OpenTelemetry's API."""

from __future__ import annotations

from .batch import FinishedSpans, decoded
from .idgenerator import OwnIds, PluggedIds
from .records import Recorder
from .sampler import sampler
from .terms import Terms
from .watch import Watch

__all__ = ("FinishedSpans", "OwnIds", "PluggedIds", "Recorder", "Terms", "Watch", "decoded", "sampler")
