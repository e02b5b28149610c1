"""A staged rollout of a flag: baseline, observation, checks after a day and two, and the way back."""

from __future__ import annotations

from .disk import RolloutFolder, read_flags, write_flag
from .judging import HistoryJudge
from .machine import Judge, Plan, Rollout, State

__all__ = ("HistoryJudge", "Judge", "Plan", "Rollout", "RolloutFolder", "State", "read_flags", "write_flag")
