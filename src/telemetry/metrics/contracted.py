"""An instrument of OpenTelemetry's API whose metric the registry has: it records under that contract.

The contract is what OpenTelemetry calls a view: it says the buckets, and which attributes are labels; the others are
dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any, Final, final

from telemetry._hotpath import label
from telemetry.contracts import MetricContract, Registry, unit_word

from .exemplar import Exemplars
from .instruments import Cell, Instrument
from .wanted import Attributes, Measurement, Wanted, WantedKind

Key = tuple[str, tuple[str, ...]]
"""The name of a metric, and the label values of one series."""

_SECONDS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_WORDS: Final = {**dict.fromkeys(_SECONDS, "seconds"), "By": "bytes", "1": "ratio", "%": "percent"}
_KINDS: Final[Mapping[WantedKind, tuple[str, ...]]] = {
    "counter": ("counter",),
    "up_down_counter": ("gauge",),
    "gauge": ("gauge",),
    "histogram": ("histogram", "summary"),
}


def contract_of(wanted: Wanted, registry: Registry) -> MetricContract | None:
    """Find the contract of an instrument: under its own name, or under the one that Prometheus would give it.

    So `http.client.request.duration` in seconds is under `http_client_request_duration_seconds`, and a counter under
    the name with `_total`. A metric that is removed is found too, so that nobody records it as one in no contract.
    """
    plain = re.sub(r"[^a-zA-Z0-9_:]", "_", wanted.name)
    words = dict.fromkeys((_WORDS.get(wanted.unit, wanted.unit), unit_word(wanted.unit)))
    for name in (wanted.name, plain, *(f"{plain}_{word}" for word in words)):
        for full in (name, f"{name}_total"):
            contract = registry.metrics.get(full) or registry.removed.get(full)
            if contract is not None and (full == name or wanted.kind == "counter"):
                return contract
    return None


def fits(wanted: Wanted, contract: MetricContract) -> bool:
    """Say whether an instrument records what the contract is about."""
    return contract.kind in _KINDS[wanted.kind] and contract.share is None


@final
class ContractedSink:
    """Records into the cells of one instrument of the registry.

    Args:
        instrument: That one.
        wanted: What the application asked for; a duration in another unit is converted.
        exemplars: Where the exemplars of all contracted series are kept.
    """

    __slots__ = ("_beyond", "_exemplars", "_instrument", "_last", "_monotonic", "_names", "_scale")

    def __init__(self, instrument: Instrument, wanted: Wanted, exemplars: dict[Key, Exemplars]) -> None:
        contract = instrument.contract
        self._instrument = instrument
        self._exemplars = exemplars
        self._names = {name: name for name in contract.labels}
        self._monotonic = wanted.kind == "counter"
        self._last: dict[tuple[tuple[str, str | None], ...], float] = {}
        self._beyond = 0.0
        self._scale = 1.0
        if contract.duration_scale is not None and wanted.unit in _SECONDS:
            self._scale = _SECONDS[wanted.unit] * contract.duration_scale

    def record(self, amount: float, attributes: Attributes, context: Any) -> None:
        """Take one measurement."""
        labels = self._labels(attributes)
        cell = self._instrument.cell(labels)
        if cell is not None:
            self._write(cell, amount, labels, attributes, context)

    def set(self, amount: float, attributes: Attributes, context: Any) -> None:
        """Set a gauge."""
        del context  # a gauge has no exemplars
        cell = self._instrument.cell(self._labels(attributes))
        if cell is not None:
            cell.write(amount if self._scale == 1.0 else amount * self._scale)

    def observe(self, measurements: Iterable[Measurement]) -> None:
        """Take absolute values: a counter goes up by what was added since the last time.

        Those past the limit are added up first, and their sum stands for one value: where it falls, since some of them
        are no longer given, nothing is added until it has risen again.
        """
        beyond: float | None = None
        for value, attributes in measurements:
            labels = self._labels(attributes)
            cell = self._instrument.cell(labels)
            if cell is None:
                continue
            if self._instrument.contract.kind != "counter":
                cell.write(value * self._scale)
            elif self._instrument.is_overflow(cell):
                beyond = (beyond or 0.0) + value
            else:
                key = tuple(labels.items())
                before = self._last.get(key, 0.0)
                self._last[key] = value
                cell.write(value - before if value >= before else value)
        if beyond is not None:
            self._add_beyond(beyond)

    def _add_beyond(self, total: float) -> None:
        cell = self._instrument.beyond
        if total > self._beyond and cell is not None:
            cell.inc(total - self._beyond)  # type: ignore[union-attr]  # only a counter's is added up
        self._beyond = total

    def _write(
        self, cell: Cell, amount: float, labels: Mapping[str, str | None], attributes: Attributes, context: Any
    ) -> None:
        value = amount if self._scale == 1.0 else amount * self._scale
        if self._instrument.contract.kind == "gauge":
            cell.inc(value)  # type: ignore[union-attr]  # every cell of a gauge has it
            return
        if not 0.0 <= value < inf:
            self._instrument.refuse("value_out_of_range", amount)
            return
        cell.write(value)
        instrument = self._instrument
        series = instrument.overflow
        if not instrument.is_overflow(cell):
            series = tuple(labels.get(name) or instrument.ambient.get(name, "") for name in instrument.contract.labels)
        dropped = {name: each for name, each in (attributes or {}).items() if name.replace(".", "_") not in self._names}
        self._kept(series).offer(value, context, dropped)

    def _kept(self, series: tuple[str, ...]) -> Exemplars:
        contract = self._instrument.contract
        key = (contract.name, series)
        return self._exemplars.get(key) or self._exemplars.setdefault(key, Exemplars(contract.bounds))

    def _labels(self, attributes: Attributes) -> dict[str, str | None]:
        """Take the attributes that are labels, `.` in a name standing for `_`."""
        found: dict[str, str | None] = {}
        for name, value in (attributes or {}).items():
            known = self._names.get(name) or self._names.get(name.replace(".", "_"))
            if known is not None:
                found[known] = label(value)
        return found
