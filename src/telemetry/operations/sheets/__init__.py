"""Dashboards without Grafana: every query of one asked of a store, and the answers drawn as a picture."""

from __future__ import annotations

from .answers import Answer, ask
from .dashboard import Dashboard, Panel, Query, read_dashboard
from .sheet import draw_sheet

__all__ = ("Answer", "Dashboard", "Panel", "Query", "ask", "draw_sheet", "read_dashboard")
