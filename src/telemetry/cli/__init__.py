"""The `telemetry` command; one file a subcommand."""

from __future__ import annotations

from .main import main

__all__ = ("main",)
