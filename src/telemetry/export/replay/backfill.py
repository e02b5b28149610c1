"""The metrics of a bundle as OpenMetrics text with timestamps, for databases to take in later.

`promtool tsdb create-blocks-from openmetrics FILE` makes blocks of it; VictoriaMetrics takes it at
`/api/v1/import/prometheus`. Each series has the labels `job` and `instance` of its process, as a Prometheus gives them
that receives OTLP; so no two processes share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, final

from telemetry.export.openmetrics import openmetrics_text
from telemetry.export.sample import sample_lines
from telemetry.signals import Distribution, Family, Quantiles, Series

from .source import ProcessRecords

_END: Final = b"# EOF\n"
_MILLISECOND: Final = 10**6
_ADDED: Final = ("job", "instance")


@final
@dataclass(frozen=True, slots=True)
class _Owned:
    """The family of one process, and whose it is."""

    family: Family
    owner: tuple[str, str]


def backfill_text(processes: Iterable[ProcessRecords]) -> Iterator[bytes]:
    """Give the text, family by family, each family whole.

    A counter, histogram or summary has two samples: zero at the start of the series, which is what it was then, and
    its last value; so `increase()` over the run is right. A gauge has one.
    """
    families: dict[str, list[_Owned]] = {}
    for process in processes:
        for family in process.families:
            families.setdefault(family.name, []).append(_Owned(family, _owner(process.attributes)))
    for name in sorted(families):
        yield _head(families[name][0].family)
        for owned in families[name]:
            yield from _lines(owned)
    yield _END


def _head(family: Family) -> bytes:
    return openmetrics_text([replace(family, series=())]).removesuffix(_END)


def _lines(owned: _Owned) -> Iterator[bytes]:
    family = owned.family
    labels = (*(f"exported_{label}" if label in _ADDED else label for label in family.labels), *_ADDED)
    for series in family.series:
        last = replace(series, labels=(*series.labels, *owned.owner), exemplars=())
        for sample, time_ns in _samples(last, family):
            single = replace(family, labels=labels, series=(sample,))
            for line in sample_lines(single):
                yield f"{line[:-1]} {_seconds(time_ns)}\n".encode("utf-8", "replace")


def _samples(last: Series, family: Family) -> Iterator[tuple[Series, int]]:
    if family.kind != "gauge" and 0 < last.start_ns // _MILLISECOND < family.time_ns // _MILLISECOND:
        yield replace(last, value=_zero(last.value)), last.start_ns
    yield last, family.time_ns


def _zero(value: float | Distribution | Quantiles) -> float | Distribution | Quantiles:
    if isinstance(value, Distribution):
        return Distribution((0,) * len(value.buckets), 0.0)
    return Quantiles((), 0, 0.0) if isinstance(value, Quantiles) else 0.0


def _seconds(time_ns: int) -> str:
    """Write a time as OpenMetrics has it; Prometheus keeps milliseconds."""
    return f"{time_ns // 10**9}.{time_ns // _MILLISECOND % 1000:03}"


def _owner(attributes: Mapping[str, object]) -> tuple[str, str]:
    """Give `job` and `instance` of a resource (OpenTelemetry, "Prometheus and OpenMetrics Compatibility")."""
    namespace, name = (str(attributes.get(f"service.{part}", "")) for part in ("namespace", "name"))
    return f"{namespace}/{name}" if namespace else name, str(attributes.get("service.instance.id", ""))
