"""Read a scrape: Prometheus text 0.0.4, or OpenMetrics 1.0.0, by the parsers of prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf, isinf
from typing import Any, BinaryIO, Final, final

from telemetry.errors import SourceError
from telemetry.signals import Distribution, MetricKind, Quantiles

from .recording import Misfit, Recording, Sample, scope_in
from .text import Lines

MOST_BYTES: Final = 32 * 1024 * 1024
"""The largest scrape: the parsers keep a family whole, which takes ten times the room of its text."""

_LONGEST_LINE: Final = 64 * 1024
_MOST_LABELS: Final = 200
_KINDS: Final[Mapping[str, MetricKind]] = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "summary": "summary",
}
_OWN_LABELS: Final[Mapping[str, str]] = {"histogram": "le", "summary": "quantile"}
_SUFFIXES: Final = ("_total", "_bucket", "_count", "_sum", "_created")


def scraped(file: BinaryIO, source: str, *, is_openmetrics: bool) -> Iterator[Recording]:
    """Give the series of a scrape, and those that stand there twice.

    Raises:
        SourceError: It is no scrape, or one that was cut short.
    """
    lines = Lines(file, source, _LONGEST_LINE)
    seen: set[int] = set()
    names: set[str] = set()
    for family in _families(lines, is_openmetrics=is_openmetrics):
        base = family.name.removesuffix("_created")
        if base != family.name and base in names:
            continue  # the classic format shows when a counter began as a gauge beside it
        names.add(family.name)
        for what in _series(family, seen):
            yield Recording(what)
    if not is_openmetrics and not lines.is_whole:
        lines.refuse("it has no end, so the scrape was cut short")


def _families(lines: Lines, *, is_openmetrics: bool) -> Iterator[Any]:
    parser = _parser(is_openmetrics=is_openmetrics)
    try:
        yield from parser(_bounded(lines))
    except SourceError:
        raise
    except Exception as error:  # noqa: BLE001 -- the parsers raise anything on text that is no scrape
        what = "OpenMetrics" if is_openmetrics else "Prometheus text"
        problem = f"it is no {what}: {error}" if str(error) else f"it is no {what}"
        raise SourceError(lines.source, f"line {lines.number}: {problem[:300]}") from None


def _bounded(lines: Lines) -> Iterator[str]:
    """Give lines within bounds: the parsers take time that grows with the square of the number of labels."""
    for line in lines:
        if line.count('="') > _MOST_LABELS and not line.startswith("#"):
            lines.refuse(f"it has more than {_MOST_LABELS} labels")
        yield line


def _parser(*, is_openmetrics: bool) -> Callable[[Any], Iterator[Any]]:
    if is_openmetrics:
        from prometheus_client.openmetrics import parser as openmetrics

        return openmetrics.text_fd_to_metric_families
    from prometheus_client import parser as classic

    parser: Callable[[Any], Iterator[Any]] = classic.text_fd_to_metric_families  # type: ignore[assignment]
    return parser


@final
@dataclass(slots=True)
class _Gathered:
    """The samples of one series of a histogram or summary."""

    labels: dict[str, str]
    points: dict[float, float] = field(default_factory=dict)
    sum: float = 0.0
    count: float = 0.0


def _series(family: Any, seen: set[int]) -> Iterator[Sample | Misfit]:
    own = _OWN_LABELS.get(family.type)
    gathered: dict[tuple[tuple[str, str], ...], _Gathered] = {}
    for sample in family.samples:
        if sample.name.endswith("_created") and family.type != "gauge":
            continue
        if twice := _twice(sample, seen):
            yield twice
        elif own is None:
            yield _plain(family, sample)
        else:
            _gather(family, sample, own, gathered)
    for each in gathered.values():
        yield _composed(family, each)


def _twice(sample: Any, seen: set[int]) -> Misfit | None:
    mark = hash((sample.name, frozenset(sample.labels.items())))
    if mark not in seen:
        seen.add(mark)
        return None
    pairs = ", ".join(f"{name}={value!r}" for name, value in sample.labels.items())
    return Misfit(sample.name, "a series stands there twice", "TC614", f"metric {sample.name}{{{pairs}}}")


def _plain(family: Any, sample: Any) -> Sample:
    kind, labels = _KINDS.get(family.type), dict(sample.labels)
    scope = scope_in(labels)
    names = (f"{family.name}_total", family.name) if kind == "counter" else _names(sample.name, kind)
    return Sample(names, kind, family.unit, labels, float(sample.value), scope=scope)


def _names(name: str, kind: MetricKind | None) -> tuple[str, ...]:
    """Give what a metric may be called; of one without a type, its name may be that of a part of it."""
    if kind is not None:
        return (name,)
    return (name, *(name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)))


def _gather(family: Any, sample: Any, own: str, gathered: dict[tuple[tuple[str, str], ...], _Gathered]) -> None:
    labels = {name: value for name, value in sample.labels.items() if name != own}
    series = gathered.setdefault(tuple(sorted(labels.items())), _Gathered(labels))
    value = float(sample.value)
    if sample.name == f"{family.name}_sum":
        series.sum = value
    elif sample.name == f"{family.name}_count":
        series.count = value
    elif own in sample.labels:
        series.points[float(sample.labels[own])] = value


def _composed(family: Any, series: _Gathered) -> Sample:
    scope = scope_in(series.labels)
    points = sorted(series.points.items())
    value: Distribution | Quantiles
    if family.type == "summary":
        value, bounds = Quantiles(tuple(points), _whole(series.count), series.sum), None
    else:
        bounds = tuple(bound for bound, _ in points if not isinf(bound))
        counts = [count for _, count in points]
        rises = [_whole(count - before) for count, before in zip(counts, [0.0, *counts], strict=False)]
        value = Distribution(tuple(rises), series.sum)
    return Sample((family.name,), _KINDS[family.type], family.unit, series.labels, value, bounds, scope)


def _whole(number: float) -> int:
    return int(number) if -inf < number < inf else -1
