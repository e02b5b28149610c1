"""A part of a history, as one request gives it to VictoriaMetrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, final

Sample = tuple[dict[str, str], int, float]
"""The labels, with `__name__`; milliseconds since 1970; and the value."""

_SAMPLES: Final = 100_000


@final
@dataclass(frozen=True, slots=True)
class Part:
    """Lines of JSON, each a series with its times and values, and what is in them.

    Attributes:
        body: The lines, or the pieces of them one after the other.
        start_ms: Milliseconds since 1970, the first sample.
        end_ms: The last one.
        samples: How many there are.
    """

    body: Iterable[bytes]
    start_ms: float
    end_ms: float
    samples: int


def parts_of(samples: Iterator[Sample]) -> Iterator[Part]:
    """Gather samples into parts, those of one series in one line."""
    while batch := list(islice(samples, _SAMPLES)):
        series: dict[tuple[tuple[str, str], ...], tuple[list[int], list[float]]] = {}
        for labels, at, value in batch:
            times, values = series.setdefault(tuple(sorted(labels.items())), ([], []))
            times.append(at)
            values.append(value)
        lines = [
            json.dumps({"metric": dict(labels), "timestamps": times, "values": values})
            for labels, (times, values) in series.items()
        ]
        times_ms = [at for _, at, _ in batch]
        yield Part(["\n".join(lines).encode()], min(times_ms), max(times_ms), len(batch))
