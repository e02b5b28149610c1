"""What is raised where a source of history cannot be read."""

from __future__ import annotations

from telemetry.errors import TelemetryError


class HistoryError(TelemetryError):
    """A source of history cannot be read: it is not there, is damaged, or does not answer.

    Attributes:
        source: The address or file.
    """

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
