"""What is measured: a file for each row of the table, each with its `CASES`."""

from __future__ import annotations

from benchmarks.harness import Case

from . import (
    block,
    coroutine,
    counter,
    disabled,
    drained,
    exception,
    exported,
    floor,
    generator,
    histogram,
    log,
    span,
    stage,
    startup,
    timed,
)

ROWS: dict[str, tuple[Case, ...]] = {
    "floor": floor.CASES,
    "stage": stage.CASES,
    "drained": drained.CASES,
    "exported": exported.CASES,
    "span": span.CASES,
    "block": block.CASES,
    "counter": counter.CASES,
    "histogram": histogram.CASES,
    "timed": timed.CASES,
    "disabled": disabled.CASES,
    "coroutine": coroutine.CASES,
    "generator": generator.CASES,
    "exception": exception.CASES,
    "log": log.CASES,
    "startup": startup.CASES,
}

__all__ = ("ROWS",)
