"""Find out what a source of history is, and open it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from telemetry.contracts import Registry

from .problem import HistoryError
from .sample import History

_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_SCHEMES: Final = ("http://", "https://")


def open_history(source: str, registry: Registry, *, token: str | None = None) -> History:
    """Open a source.

    Args:
        source: The address of an engine with Prometheus' HTTP API; a journal, a folder of journals, a bundle, a Parquet
            file, a folder of Parquet files, or a file with lines of OTLP JSON.
        registry: The contracts of what is in journals.
        token: What an engine wants to be shown, as a bearer token.

    Raises:
        HistoryError: There is no such thing.
    """
    if source.startswith(_SCHEMES):
        from .prometheus import PrometheusHistory

        return PrometheusHistory(source, token=token)
    path = Path(source)
    if not path.exists():
        raise HistoryError(source, "there is no such file or folder; an engine begins with http:// or https://")
    return _of_folder(path, registry) if path.is_dir() else _of_file(path, registry)


def _of_folder(path: Path, registry: Registry) -> History:
    from .recorded import JournalHistory

    if any(path.glob("*.parquet")):
        from .parquet import ParquetHistory

        return ParquetHistory(path)
    if not any(path.glob("*.journal")) and not any(path.glob("*/*.journal")):
        raise HistoryError(str(path), "there is neither a journal nor a Parquet file in it")
    return JournalHistory(path, registry)


def _of_file(path: Path, registry: Registry) -> History:
    from .lines import LinesHistory
    from .recorded import BundleHistory, JournalHistory

    try:
        with path.open("rb") as file:
            begins = file.read(len(_PARQUET))
    except OSError as error:
        raise HistoryError(str(path), f"it cannot be read: {error.strerror or error}") from error
    if begins == _PARQUET or path.suffix == ".parquet":
        from .parquet import ParquetHistory

        return ParquetHistory(path)
    if path.suffix == ".journal":
        return JournalHistory(path, registry)
    return BundleHistory(path) if begins.startswith(_GZIP) else LinesHistory(path)
