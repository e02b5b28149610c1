"""Whether the stack works: each engine is reached, and a marked signal is read back from it."""

from __future__ import annotations

from .check import Check, Engine, Target, parse_target
from .examination import examine

__all__ = ("Check", "Engine", "Target", "examine", "parse_target")
