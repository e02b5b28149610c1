"""The health of an agent from 0 to 100, and how it comes about."""

from __future__ import annotations

from .score import PARTS, Health, Part, health

__all__ = ("PARTS", "Health", "Part", "health")
