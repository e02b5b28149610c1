"""`telemetry dashboards …`: dashboards and rules of your own, held against the registry."""

from __future__ import annotations

from .group import app

__all__ = ("app",)
