"""Rules before they go live: replayed over a history, and judged by the incidents that were in it."""

from __future__ import annotations

from .episodes import Episode
from .history import History
from .incidents import Incident, read_incidents
from .replay import replay_rules
from .rulefiles import RuleFile, read_rules
from .verdict import AlertRow, Verdict, judge

__all__ = (
    "AlertRow",
    "Episode",
    "History",
    "Incident",
    "RuleFile",
    "Verdict",
    "judge",
    "read_incidents",
    "read_rules",
    "replay_rules",
)
