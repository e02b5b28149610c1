"""Send recorded signals out of the process: scrapes, OTLP, trees and tables.

What pulls in HTTP or a guest library is named in full where it is used: `export.scrape`, `export.neighbour`,
`export.otlp`.
"""

from __future__ import annotations

from telemetry.door import deferred as _deferred

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .account import Account
    from .negotiation import Representation, negotiate
    from .openmetrics import openmetrics_text
    from .schedule import Schedule
    from .table import render_table
    from .text import prometheus_text
    from .tree import render_tree
    from .worker import Exporter, ExportWorker
else:
    __getattr__ = _deferred(
        __name__,
        account="Account",
        negotiation="Representation negotiate",
        openmetrics="openmetrics_text",
        schedule="Schedule",
        table="render_table",
        text="prometheus_text",
        tree="render_tree",
        worker="ExportWorker Exporter",
    )

__all__ = (
    "Account",
    "ExportWorker",
    "Exporter",
    "Representation",
    "Schedule",
    "negotiate",
    "openmetrics_text",
    "prometheus_text",
    "render_table",
    "render_tree",
)
