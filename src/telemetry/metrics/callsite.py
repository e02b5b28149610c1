"""The place in the user's code that a recording comes from, for messages that are said once."""

from __future__ import annotations

import sys
from typing import Final

_PACKAGE: Final = "telemetry"
_OTHERS: Final = ("opentelemetry",)


def call_site() -> str:
    """Give the innermost file and line that is neither ours nor OpenTelemetry's; empty where there is none.

    It walks the stack, which takes microseconds: not for a hot path.
    """
    frame = sys._getframe(1)
    while frame is not None:
        room = frame.f_globals.get("__name__", "")
        is_ours = isinstance(room, str) and room.partition(".")[0] in (_PACKAGE, *_OTHERS)
        if not is_ours and not frame.f_code.co_filename.startswith("<"):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return ""
