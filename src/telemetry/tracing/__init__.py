"""Tracing: what becomes of a finished span, and of the spans of OpenTelemetry's API."""

from __future__ import annotations

from .idgenerator import PluggedIds, SequenceIds
from .records import Recorder
from .sampler import sampler
from .terms import Terms
from .watch import Watch

__all__ = ("PluggedIds", "Recorder", "SequenceIds", "Terms", "Watch", "sampler")
