"""Add one to a counter that is at its limit of series, and to one that has none to speak of: what limits add.

The first has known values, whose combinations keep slots of their own, and has overflowed; labels are named at the
call, or were bound beforehand.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from benchmarks import ours
from benchmarks.harness import Call, Case

from .floor import noop

_REGISTRY: Final = Path(__file__).with_name("limited.json")
_MORE_THAN_THE_LIMIT: Final = 60


def _bare(_stack: ExitStack) -> Call:
    return noop


def _limited(stack: ExitStack) -> Any:
    import telemetry

    ours.recording(stack, registry=[_REGISTRY])
    labels = telemetry.metric("limited_total").labels
    for number in range(_MORE_THAN_THE_LIMIT):
        labels(backend=f"unknown{number}")
    return labels


def _unlimited(stack: ExitStack) -> Any:
    import telemetry

    ours.recording(stack, registry=[_REGISTRY])
    return telemetry.metric("unlimited_total").labels


def _named(stack: ExitStack) -> Call:
    labels = _limited(stack)
    return lambda: labels(backend="c-gcc").inc()


def _named_without(stack: ExitStack) -> Call:
    labels = _unlimited(stack)
    return lambda: labels(host="here").inc()


def _bound(stack: ExitStack) -> Call:
    inc: Call = _limited(stack)(backend="c-gcc").inc
    return inc


def _bound_without(stack: ExitStack) -> Call:
    inc: Call = _unlimited(stack)(host="here").inc
    return inc


CASES = (
    Case("limited/bare", _bare),
    Case("limited/telemetry", _named),
    Case("limited/telemetry, without", _named_without),
    Case("limited/telemetry, bound", _bound),
    Case("limited/telemetry, bound without", _bound_without),
)
