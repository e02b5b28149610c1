"""Metrics recorded as Parquet: a row is a sample, a column a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from telemetry.errors import SourceError

from .part import Part

_NEEDED: Final = ("metric", "ts", "value")
_TIMES: Final = ("TIMESTAMP", "BIGINT", "UBIGINT")


def parts_of_parquet(path: Path) -> Iterator[Part]:
    """Give the whole file as one part.

    Its columns are `metric`, `ts` (a timestamp, or milliseconds since 1970), `value`, and one of text for each label.

    Raises:
        SourceError: It is no Parquet, or has other columns.
    """
    import duckdb

    with TemporaryDirectory(prefix="telemetry-") as folder, duckdb.connect() as connection:
        lines = Path(folder) / "series.jsonl"
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET autoinstall_known_extensions = false")
        try:
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            columns = {name: kind for name, kind, *_ in described}
            time = _time(path, columns)
            connection.execute(_query(columns, time, lines), [str(path)])
            limits = f"SELECT min({time}), max({time}), count(*) FROM read_parquet(?)"  # noqa: S608 - a column's name
            first, last, count = connection.execute(limits, [str(path)]).fetchall()[0]
        except duckdb.Error as error:
            raise SourceError(str(path), f"is no Parquet that can be read: {error}") from error
        if count:
            with lines.open("rb") as body:
                yield Part(body, first, last, count)


def _time(path: Path, columns: Mapping[str, str]) -> str:
    """Give the time of a row in milliseconds, as an expression; only the columns are as they must be."""
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        said = f"has no column {', '.join(missing)}; it needs {', '.join(_NEEDED)}, and one of text for each label"
        raise SourceError(str(path), said)
    if not columns["ts"].startswith(_TIMES):
        raise SourceError(str(path), f"its 'ts' is {columns['ts']}; make it TIMESTAMP, or BIGINT of milliseconds")
    other = [name for name in columns if name not in _NEEDED and not columns[name].startswith(("VARCHAR", "ENUM"))]
    if other:
        raise SourceError(str(path), f"its column {other[0]} is {columns[other[0]]}; a label is text (VARCHAR)")
    return "epoch_ms(ts)" if columns["ts"].startswith("TIMESTAMP") else "ts"


def _query(columns: Mapping[str, str], time: str, lines: Path) -> str:
    """Write each series as a line; a label that is null is none."""
    labels = [name for name in columns if name not in _NEEDED]
    parts = ", ".join(["'__name__': metric", *(f"{_text(name)}: {_name(name)}" for name in labels)])
    keys = ", ".join(["metric", *map(_name, labels)])
    # Every name is quoted, and the values of the file are no part of the query.
    return (
        f"COPY (SELECT {{{parts}}} AS metric, list({time} ORDER BY ts) AS timestamps, "  # noqa: S608
        f'list(value::DOUBLE ORDER BY ts) AS "values" FROM read_parquet(?) GROUP BY {keys}) '
        f"TO {_text(str(lines))} (FORMAT json)"
    )


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
