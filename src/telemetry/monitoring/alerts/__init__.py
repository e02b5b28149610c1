"""Alerts: rules, their unit tests and runbooks, written from descriptions."""

from .files import alert_files

__all__ = ("alert_files",)
