"""`telemetry rules …`: alerting rules before they go live."""

from __future__ import annotations

from .group import app

__all__ = ("app",)
