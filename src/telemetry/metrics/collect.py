"""Reads pages back into families, for all that scrapes, pushes, shows or checks."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from telemetry._hotpath import Entry, layout, quantile, walk
from telemetry.contracts import MetricContract
from telemetry.signals import Distribution, ExponentialDistribution, Family, Quantiles, Series

SCOPE_LABELS = ("otel_scope_name", "otel_scope_version")
"""The labels that say whose a series is that came through OpenTelemetry's API, and is in no contract."""

_WORD = layout.WORD


def collect(snapshots: Iterable[bytes], contracts: Mapping[str, MetricContract]) -> list[Family]:
    """Turn the snapshots of pages into families, in the order of the contracts; a metric without series is left out.

    Shapes: a histogram series has one count a bucket, not cumulative; an exponential one has those of both kinds; a
    summary has the contract's quantiles.
    """
    series: dict[str, list[Series]] = {name: [] for name in contracts}
    for snapshot in snapshots:
        for entry in walk(snapshot):
            name, values, _ = json.loads(entry.descriptor)
            contract = contracts.get(name)
            if contract is None:
                continue  # it is hidden
            series[name].append(Series(tuple(values), _value(entry, contract), entry.created_ns))
    now = time.time_ns()
    return [_family(contracts[name], found, now) for name, found in series.items() if found]


def _family(contract: MetricContract, series: list[Series], now: int) -> Family:
    return Family(
        name=contract.name,
        kind=contract.kind,
        unit=contract.unit,
        description=contract.description,
        labels=contract.labels,
        series=tuple(series),
        bounds=contract.bounds,
        time_ns=now,
    )


def _value(entry: Entry, contract: MetricContract) -> float | Distribution | Quantiles:
    cell = entry.cell
    if entry.kind == "counter":
        return _double(cell, 0)
    if entry.kind == "gauge":
        return _double(cell, 1 + 2 * _word(cell, 0))
    if entry.kind == "histogram":
        buckets = struct.unpack_from(f"={len(cell) // _WORD - 1}Q", cell)
        return Distribution(buckets, _double(cell, len(buckets)))
    if entry.kind == "exponential":
        return _exponential(cell, contract.bounds)
    return _quantiles(cell, contract.quantiles)


def _exponential(cell: bytes, bounds: tuple[float, ...]) -> ExponentialDistribution:
    at = (1 + _word(cell, 0) * layout.EXPONENTIAL_COPY_WORDS) * _WORD
    window, halvings, zeros, total, least, greatest, *counts = layout.EXPONENTIAL_COPY.unpack_from(cell, at)
    low, high = window >> 32, window & 0xFFFF_FFFF
    found = ExponentialDistribution(
        buckets=(),
        sum=total,
        scale=layout.EXPONENTIAL_SCALE - halvings,
        zero_count=zeros,
        offset=low - layout.EXPONENTIAL_BIAS if window else 0,
        counts=tuple(counts[place % len(counts)] for place in range(low, high + 1)) if window else (),
        min=0.0 if zeros else least,
        max=greatest,
    )
    return replace(found, buckets=found.classic(bounds).buckets)


def _quantiles(cell: bytes, shares: Iterable[float]) -> Quantiles:
    copy = 1 + _word(cell, 0) * layout.SUMMARY_COPY_WORDS
    place, zeros = _word(cell, copy), _word(cell, copy + 1)
    bins = struct.unpack_from(f"={layout.SUMMARY_BINS}Q", cell, (copy + 3) * _WORD)
    values = tuple((share, quantile(bins, place, zeros, share)) for share in shares)
    return Quantiles(values, zeros + sum(bins), _double(cell, copy + 2))


def _word(cell: bytes, index: int) -> int:
    word: int = struct.unpack_from("=Q", cell, index * _WORD)[0]
    return word


def _double(cell: bytes, index: int) -> float:
    value: float = struct.unpack_from("=d", cell, index * _WORD)[0]
    return value
