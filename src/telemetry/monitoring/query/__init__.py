"""What is asked of a metric, and the PromQL that its contract's kind makes of it."""

from .matcher import equals, matcher, split
from .query import SHOWS, Query, Show
from .reading import ALL_SHOWS, WINDOW, read_query

__all__ = ("ALL_SHOWS", "SHOWS", "WINDOW", "Query", "Show", "equals", "matcher", "read_query", "split")
