"""Dashboards of Grafana, made of descriptions, and what provisions them."""

from .files import dashboard_files

__all__ = ("dashboard_files",)
