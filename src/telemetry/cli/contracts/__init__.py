"""`telemetry contracts …`: what the registry says, and what follows from it."""

from __future__ import annotations

from .group import app

__all__ = ("app",)
