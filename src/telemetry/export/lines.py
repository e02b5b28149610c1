"""Keeps what the text formats say of a family and its series, but for the values.

Nothing is decided here: `text`, `openmetrics` and `sample` write a family with empty values and with marks for its
labels, and what they wrote is cut where values and labels belong. `exposition` makes one for each contract.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf
from typing import final

from telemetry.contracts import MetricContract
from telemetry.signals import Distribution, Family, Quantiles, Series

from .negotiation import TextFormat
from .openmetrics import openmetrics_text
from .plan import rows_of
from .sample import number, quoted, sample_lines
from .text import prometheus_text

_ZERO = " 0.0\n"
_INFINITE = "+Inf"
_BOUND = re.compile(r'(?<=[{,]le=")' + re.escape(_INFINITE))


@final
class Lines:
    """One family: its heads in both formats, and the beginnings of its sample lines with places for label values.

    Attributes:
        family: The family without series.
        heads: The comment lines, by format.
        rows: Its series, for the compiled writer.
    """

    __slots__ = ("_labels", "_templates", "family", "heads", "rows")

    def __init__(self, contract: MetricContract) -> None:
        self.family = _family(contract)
        self.heads: dict[TextFormat, bytes] = {
            "text": prometheus_text([self.family]),
            "openmetrics": openmetrics_text([self.family]).removesuffix(openmetrics_text([])),
        }
        self._labels = [str(index) for index in range(len(contract.labels))]
        self._templates = _templates(contract, tuple(f"%({label})s" for label in self._labels))
        marks = (number(bound).encode() for bound in (*contract.bounds, inf)) if contract.kind == "histogram" else ()
        self.rows = rows_of(contract, pieces=len(self._templates), marks=marks)

    def pieces(self, values: Sequence[str]) -> tuple[bytes, ...]:
        """Give the beginnings of a series' lines; of its buckets' lines the parts before and after the bound."""
        escaped = dict(zip(self._labels, map(quoted, values), strict=True))
        return tuple([(template % escaped).encode("utf-8", "replace") for template in self._templates])


def _family(contract: MetricContract, *series: Series) -> Family:
    return Family(
        name=contract.name,
        kind=contract.kind,
        unit=contract.unit,
        description=contract.description,
        labels=contract.labels,
        series=series,
        bounds=contract.bounds,
    )


def _templates(contract: MetricContract, labels: tuple[str, ...]) -> list[str]:
    family = _family(contract, Series(labels, _nothing(contract)))
    lines = [line.removesuffix(_ZERO) + " " for line in sample_lines(family)]
    if contract.kind != "histogram":
        return lines
    buckets = len(contract.bounds) + 1
    before, after = _BOUND.split(lines[buckets - 1])
    return [before, after, *lines[buckets:]]


def _nothing(contract: MetricContract) -> float | Distribution | Quantiles:
    if contract.kind == "histogram":
        return Distribution((0,) * (len(contract.bounds) + 1), 0.0)
    if contract.kind == "summary":
        return Quantiles(tuple((quantile, 0.0) for quantile in contract.quantiles), 0, 0.0)
    return 0.0
