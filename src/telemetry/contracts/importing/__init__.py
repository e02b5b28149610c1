"""Registry files made of what others have: scrapes, and semantic conventions."""

from .conventions import read_conventions
from .definition import Group
from .draft import Draft
from .drafting import draft_registry
from .prometheus import Family

__all__ = ("Draft", "Family", "Group", "draft_registry", "read_conventions")
