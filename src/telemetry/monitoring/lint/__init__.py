"""Dashboards and rule files held against the registry: what they read exists, and is read well."""

from .checked import check_files, check_texts

__all__ = ("check_files", "check_texts")
