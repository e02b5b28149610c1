"""What proves an alert with an expression of its own: series, and when it is silent or fires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from telemetry.contracts import Entry

from .duration import DURATION, SPAN
from .record import single

_STEP: Final = "10s"


@final
@dataclass(frozen=True, slots=True)
class Proof:
    """Series that pass a threshold, and what follows.

    Attributes:
        series: From series to values, as promtool reads them.
        step: How far apart the values are.
        quiet: Times at which the alert is silent.
        fires: Times at which it fires.
        value: What it says the value is.
        labels: What it has beside the labels of its rule.
    """

    series: Mapping[str, str]
    step: str
    quiet: tuple[str, ...]
    fires: tuple[str, ...]
    value: float
    labels: Mapping[str, str]


def read_proof(entry: Entry, severity: str) -> Proof:
    """Read the proof of one level."""
    with entry.entry(f"{severity}_proof") as inner:
        return Proof(
            series=single(inner, "series"),
            step=inner.text("step", default=_STEP, form=SPAN),
            quiet=inner.texts("quiet", form=DURATION, required=True, least=1),
            fires=inner.texts("fires", form=DURATION, required=True, least=1),
            value=inner.number("value"),
            labels=single(inner, "labels"),
        )
