"""What a boundary of the standard library carries: the ambient values, while anybody wants that."""

from __future__ import annotations

from typing import Any

from telemetry._hotpath import ambient
from telemetry.context.standin import nothing

holders: set[object] = set()
"""The runtimes that have patching on."""


def captured() -> dict[str, Any] | None:
    """Give the ambient values of here and now; None where there are none, or nobody wants them carried."""
    if not holders:
        return None
    values = ambient.current()
    return values if values and isinstance(values, dict) and values is not nothing() else None
