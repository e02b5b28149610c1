"""Write the page of a scrape for 10 000 series: whole numbers, floats, new ones, and with a tenth of them changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from benchmarks import ours, peers
from benchmarks.harness import Call, Case, Subject
from benchmarks.series import COMBINATIONS, Kind, names

TENTH = COMBINATIONS[::10]


def _telemetry(stack: ExitStack, *, kind: Kind) -> Call:
    runtime = ours.measuring(stack)
    ours.fill(runtime, kind, COMBINATIONS)
    return ours.exposition(runtime)


def _telemetry_changed(stack: ExitStack) -> Subject:
    runtime = ours.measuring(stack)
    ours.fill(runtime, "gauge", COMBINATIONS)
    cells = [ours.child(runtime, name, labels) for name in names("gauge") for labels in TENTH]

    def change() -> None:
        for cell in cells:
            cell.inc(0.1)

    return Subject(ours.exposition(runtime), prepare=change)


def _prometheus(_stack: ExitStack, *, kind: Kind) -> Call:
    from prometheus_client.exposition import generate_latest

    registry, _ = peers.prometheus_filled(kind, COMBINATIONS)
    return lambda: generate_latest(registry)


def _prometheus_changed(_stack: ExitStack) -> Subject:
    from prometheus_client.exposition import generate_latest

    registry, families = peers.prometheus_filled("gauge", COMBINATIONS)
    children: list[Any] = [family.labels(**labels) for family in families for labels in TENTH]

    def change() -> None:
        for child in children:
            child.inc(0.1)

    return Subject(lambda: generate_latest(registry), prepare=change)


def _new(stack: ExitStack, *, fill: Callable[..., Call]) -> Subject:
    """Open a case whose series are all new in each round, so that nothing of an earlier page can be used again."""
    fresh: list[Call] = []

    def make() -> None:
        fresh[:] = [fill(stack, kind="gauge")]

    def write() -> object:
        return fresh[0]()

    return Subject(write, prepare=make)


CASES = (
    Case("exposition/telemetry", partial(_telemetry, kind="counter")),
    Case("exposition/telemetry, floats", partial(_telemetry, kind="gauge")),
    Case("exposition/telemetry, 10 % changed", _telemetry_changed, number=1),
    Case("exposition/telemetry, new", partial(_new, fill=_telemetry), number=1),
    Case("exposition/prometheus", partial(_prometheus, kind="counter")),
    Case("exposition/prometheus, floats", partial(_prometheus, kind="gauge")),
    Case("exposition/prometheus, 10 % changed", _prometheus_changed, number=1),
    Case("exposition/prometheus, new", partial(_new, fill=_prometheus), number=1),
)
