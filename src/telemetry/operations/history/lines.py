"""History out of files with lines of OTLP JSON, which the collector's file exporter writes."""

from __future__ import annotations

from pathlib import Path
from typing import final

from telemetry.operations.view.draft import documents

from .otlp import OtlpSeries
from .problem import HistoryError
from .sample import Query, Reading


@final
class LinesHistory:
    """A file.

    Args:
        path: It may be written while it is read: a last line that is not whole yet is left out, and said.
    """

    __slots__ = ("_path", "name")

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = str(path)

    def read(self, query: Query) -> Reading:
        """Give the samples that a query is about.

        Raises:
            HistoryError: The file cannot be read, or no line of it is OTLP.
        """
        found, known, lines = OtlpSeries(query), 0, 0
        try:
            with self._path.open("rb") as file:
                for document in documents(iter(file)):
                    known += found.take(document, "")
                    lines += 1
        except OSError as error:
            raise HistoryError(self.name, f"it cannot be read: {error.strerror or error}") from error
        if lines and not known:
            raise HistoryError(
                self.name, "no line of it is OTLP JSON; name a journal, a bundle, Parquet, or such a file"
            )
        return found.reading(self.name)
