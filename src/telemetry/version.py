"""The version of this distribution; the packaging metadata is read from here."""

from __future__ import annotations

VERSION = "0.1.0"
