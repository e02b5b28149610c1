"""The runtime: where recorders and exporters meet, and the process's pointer to it."""

from __future__ import annotations

from .basket import Basket
from .dispatcher import TelemetryDispatcher
from .plugs import Plugs
from .process import configure, configure_meanwhile, current, install, retire, shutdown
from .revival import Revival

__all__ = (
    "Basket",
    "Plugs",
    "Revival",
    "TelemetryDispatcher",
    "configure",
    "configure_meanwhile",
    "current",
    "install",
    "retire",
    "shutdown",
)
