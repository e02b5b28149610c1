"""Tracing: what becomes of a finished span."""

from __future__ import annotations

from .records import Recorder
from .sampler import sampler

__all__ = ("Recorder", "sampler")
