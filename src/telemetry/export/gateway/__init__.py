"""The gateway: one way out for an orchestrator and all its workers.

It imports prometheus_client and opens a port, so it is named in full where it is used.
"""

from __future__ import annotations

from telemetry.door import deferred as _deferred

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .access import Access, admit
    from .fold import KEEP_BYTES
    from .gateway import Gateway
else:
    __getattr__ = _deferred(__name__, access="Access admit", fold="KEEP_BYTES", gateway="Gateway")

__all__ = ("KEEP_BYTES", "Access", "Gateway", "admit")
