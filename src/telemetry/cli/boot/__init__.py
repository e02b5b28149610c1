"""The folder that `telemetry run` puts on PYTHONPATH: what interpreters find there starts us."""

from __future__ import annotations

__all__ = ()
