"""The runtime: where recorders and exporters meet, and the process's pointer to it."""

from __future__ import annotations

from .dispatcher import TelemetryDispatcher
from .memory import Memory
from .plugs import Plugs
from .process import configure, current, install, retire, shutdown

__all__ = ("Memory", "Plugs", "TelemetryDispatcher", "configure", "current", "install", "retire", "shutdown")
