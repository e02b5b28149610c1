"""Monitoring as code: dashboards, rules and configurations, from the registry and descriptions."""

from .description import Descriptions, read_descriptions
from .lint import check_files, check_texts
from .mark import is_marked
from .tree import generate

__all__ = ("Descriptions", "check_files", "check_texts", "generate", "is_marked", "read_descriptions")
