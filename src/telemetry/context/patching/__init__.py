"""The opt-in switch: threads, pools and processes of the standard library take the context along."""

from __future__ import annotations

from .switch import patch, unpatch

__all__ = ("patch", "unpatch")
