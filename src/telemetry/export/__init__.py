"""Send recorded signals out of the process: scrapes, OTLP, trees and tables.

What pulls in HTTP or a guest library is named in full where it is used: `export.scrape`, `export.neighbour`,
`export.otlp`.
"""

from __future__ import annotations

from .ledger import Ledger
from .negotiation import Representation, negotiate
from .openmetrics import openmetrics_text
from .schedule import Schedule
from .table import render_table
from .text import prometheus_text
from .tree import render_tree
from .worker import Exporter, ExportWorker

__all__ = (
    "ExportWorker",
    "Exporter",
    "Ledger",
    "Representation",
    "Schedule",
    "negotiate",
    "openmetrics_text",
    "prometheus_text",
    "render_table",
    "render_tree",
)
