"""Fixtures: a recording under the registry of these tests."""

from __future__ import annotations

from tests.instrument.shop import _leave_nothing_decorated, recording

__all__ = ("_leave_nothing_decorated", "recording")
