"""What changed between two registries, and what of it breaks those who rely on the first one."""

from .change import CHANGES, Change, Level
from .edition import load_edition
from .registries import compare_registries

__all__ = ("CHANGES", "Change", "Level", "compare_registries", "load_edition")
