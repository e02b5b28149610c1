"""Dashboards and rule files held against the registry: what they read exists, and is read as its kind wants."""

from .checked import check_files, check_texts

__all__ = ("check_files", "check_texts")
