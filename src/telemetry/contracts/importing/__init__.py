"""Registry files made of what others have: scrapes, and semantic conventions."""

from .draft import Draft
from .drafting import draft_registry
from .prometheus import Family
from .semconv import Group

__all__ = ("Draft", "Family", "Group", "draft_registry")
