"""Routing: what Alertmanager reads, written from `routing.toml`."""

from .alertmanager import GROUPED_BY
from .cases import routes
from .files import routing_files

__all__ = ("GROUPED_BY", "routes", "routing_files")
