"""The gateway: one way out for an orchestrator and all its workers.

It imports prometheus_client and opens a port, so it is named in full where it is used.
"""

from __future__ import annotations

from .access import Access, admit
from .estate import KEEP_BYTES
from .gateway import Gateway

__all__ = ("KEEP_BYTES", "Access", "Gateway", "admit")
