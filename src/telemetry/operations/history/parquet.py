"""History out of Parquet files: a row for each sample of a scrape, as long tables have them.

Columns: `name` (of the series, such as `parse_duration_ms_bucket`), `labels` (a map, a struct, or JSON text), `time` (a
timestamp, or seconds since the epoch), `value`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, final

from .flat import Flat, assembled, flat_names
from .problem import HistoryError
from .sample import Query, Reading

_COLUMNS: Final = ("name", "labels", "time", "value")
_MOST_SAID: Final = 200


@final
class ParquetHistory:
    """A file, or a folder of files whose names end with `.parquet`."""

    __slots__ = ("_files", "name")

    def __init__(self, path: Path) -> None:
        self._files = sorted(map(str, path.glob("*.parquet"))) if path.is_dir() else [str(path)]
        self.name = str(path)

    def read(self, query: Query) -> Reading:
        """Give the samples that a query is about.

        Raises:
            HistoryError: A file is no Parquet, is cut off, or lacks a column.
        """
        import duckdb

        try:
            with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as database:
                rows = self._rows(database, query)
        except duckdb.Error as error:
            said = str(error).splitlines()[0][:_MOST_SAID]
            raise HistoryError(self.name, f"it cannot be read as Parquet, or is not whole: {said}") from error
        return Reading(assembled(query.metric, query.kind, _flattened(rows, query)))

    def _rows(self, database: Any, query: Query) -> list[tuple[Any, ...]]:
        described = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [self._files]).fetchall()
        types = {str(row[0]): str(row[1]) for row in described}
        if lacking := [name for name in _COLUMNS if name not in types]:
            raise HistoryError(self.name, f"it lacks columns: {', '.join(lacking)}; it has {', '.join(types)}")
        time = "epoch(time)" if types["time"].startswith("TIMESTAMP") else "CAST(time AS DOUBLE)"
        names = list(flat_names(query.metric, query.kind))
        found = database.execute(
            f"SELECT name, CAST(to_json(labels) AS VARCHAR), {time} AS seconds, CAST(value AS DOUBLE) "  # noqa: S608  # of ours
            "FROM read_parquet(?) WHERE list_contains(?, name) AND seconds BETWEEN ? AND ? ORDER BY seconds",
            [self._files, names, query.start_s, query.end_s],
        )
        return list(found.fetchall())


def _flattened(rows: list[tuple[Any, ...]], query: Query) -> Iterator[Flat]:
    read: dict[str, dict[str, str]] = {}
    for name, text, time_s, value in rows:
        if text not in read:
            found = json.loads(text or "{}")
            found = json.loads(found) if isinstance(found, str) else found or {}
            read[text] = {str(key): str(each) for key, each in found.items() if each is not None}
        labels = read[text]
        if value is not None and all(labels.get(key) == wanted for key, wanted in query.labels.items()):
            yield name, labels, float(time_s), float(value)
