"""The contracts as others read them: a page for people, and a schema of log lines for tools."""

from .logschema import render_log_schema
from .page import render_documentation

__all__ = ("render_documentation", "render_log_schema")
