"""Reports of what was measured: Markdown, HTML and PDF, with plots, from an engine or from files."""

from __future__ import annotations

from .document import as_document
from .figures import Report, gather
from .pages import as_html, as_markdown, as_pdf
from .payload import discord, slack
from .profile import Profile, profile, profiles

__all__ = (
    "Profile",
    "Report",
    "as_document",
    "as_html",
    "as_markdown",
    "as_pdf",
    "discord",
    "gather",
    "profile",
    "profiles",
    "slack",
)
