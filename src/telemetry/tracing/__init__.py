"""Tracing: what becomes of a finished span."""

from __future__ import annotations

from .batch import FinishedSpans
from .records import Recorder
from .sampler import sampler

__all__ = ("FinishedSpans", "Recorder", "sampler")
