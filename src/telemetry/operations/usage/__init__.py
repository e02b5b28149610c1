"""Where names of contracts are used: in code, tests, dashboards, rules, and any other text."""

from .coverage import Coverage, Share, Side, coverage
from .files import Unread
from .oldnames import old_names, unread_findings
from .vocabulary import Vocabulary

__all__ = ("Coverage", "Share", "Side", "Unread", "Vocabulary", "coverage", "old_names", "unread_findings")
