"""A recorded history, given to a VictoriaMetrics: Parquet, OTLP JSON lines, or OpenMetrics text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from math import inf
from pathlib import Path
from typing import Final, final

from telemetry.errors import SourceError

from .instants import LATEST
from .otlplines import samples_of
from .parquet import parts_of_parquet
from .part import Part, Sample, parts_of

_TIMEOUT_SECONDS: Final = 600.0


@final
@dataclass(frozen=True, slots=True)
class History:
    """What was recorded.

    Attributes:
        start: Seconds since 1970, the first sample.
        end: The last one.
        series: How many series there are.
        samples: How many samples they have.
    """

    start: float
    end: float
    series: int
    samples: int

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.end - self.start) / 86_400


def load_history(path: Path, url: str) -> History:
    """Send a history to a VictoriaMetrics, whose questions find it afterwards.

    Args:
        path: `*.parquet` with the columns `metric`, `ts`, `value`, and one of text for each label; `*.jsonl` with
            metrics as OTLP JSON lines, as a collector or `telemetry bundle replay` writes them; or OpenMetrics text
            in which every sample has its time. A folder of such files is one history.
        url: The address of the server.

    Raises:
        SourceError: The file cannot be read, or has no samples.
    """
    import httpx

    paths = sorted(each for each in path.iterdir() if each.suffix in _READERS) if path.is_dir() else [path]
    if not paths or not path.exists():
        raise SourceError(str(path), f"there is no history here; its files end in {', '.join(sorted(_READERS))}")
    start, end, samples = inf, -inf, 0
    with httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        for part in chain.from_iterable(map(_parts, paths)):
            client.post("/api/v1/import", content=part.body).raise_for_status()
            start, end, samples = min(start, part.start_ms), max(end, part.end_ms), samples + part.samples
        client.get("/internal/force_flush").raise_for_status()
        if not samples:
            raise SourceError(str(path), "has no samples of metrics")
        series = client.get("/api/v1/series/count").raise_for_status().json()["data"][0]
    return History(start / 1000, end / 1000, int(series), samples)


def _parts(path: Path) -> Iterator[Part]:
    """Give the parts of one file."""
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise SourceError(str(path), f"is no history: a file of one ends in {', '.join(sorted(_READERS))}")
    try:
        for part in reader(path):
            _check_times(str(path), part.start_ms, part.end_ms)
            yield part
    except OSError as error:
        raise SourceError(str(path), f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SourceError(str(path), f"is not UTF-8 at byte {error.start}") from error


def _check_times(place: str, *times_ms: float) -> None:
    """Refuse times that no engine stores."""
    if not all(0 <= each <= LATEST * 1000 for each in times_ms):
        raise SourceError(place, "a sample's time is not in the years 1970 to 9999")


def _of_otlp(path: Path) -> Iterator[Part]:
    yield from parts_of(_samples_of_otlp(path))


def _of_text(path: Path) -> Iterator[Part]:
    yield from parts_of(_samples_of_text(path))


def _samples_of_otlp(path: Path) -> Iterator[Sample]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                found = json.loads(line) if line.strip() else {}
            except RecursionError as error:
                raise SourceError(f"{path}:{number}", "is not JSON: it is nested too deeply") from error
            except ValueError as error:
                raise SourceError(f"{path}:{number}", f"is not JSON: {error}") from error
            try:
                samples = tuple(samples_of(found))
            except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
                raise SourceError(f"{path}:{number}", f"is no OTLP metrics: {error}") from error
            _check_times(f"{path}:{number}", *(at for _, at, _ in samples))
            yield from samples


def _samples_of_text(path: Path) -> Iterator[Sample]:
    from prometheus_client.openmetrics.parser import text_fd_to_metric_families

    with path.open(encoding="utf-8") as text:
        try:
            families = text_fd_to_metric_families(text)  # type: ignore[no-untyped-call]
            for sample in chain.from_iterable(family.samples for family in families):
                if sample.timestamp is None:
                    raise SourceError(str(path), f"{sample.name} has no time; a history says when each sample was")
                at = float(sample.timestamp) * 1000
                _check_times(f"{path}: {sample.name}", at)
                yield {"__name__": sample.name, **sample.labels}, int(at), sample.value
        except (OverflowError, ValueError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(str(path), f"is not OpenMetrics: {error}") from error


_READERS: Final[Mapping[str, Callable[[Path], Iterator[Part]]]] = {
    ".parquet": parts_of_parquet,
    ".jsonl": _of_otlp,
    ".om": _of_text,
    ".prom": _of_text,
    ".txt": _of_text,
}
