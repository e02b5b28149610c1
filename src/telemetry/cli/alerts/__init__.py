"""`telemetry alerts …`: receive alerts, and check what was kept of them."""

from __future__ import annotations

from .group import app

__all__ = ("app",)
