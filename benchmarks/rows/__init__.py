"""What is measured: a file for each row of the table, each with its `CASES`."""

from __future__ import annotations

from benchmarks import latency
from benchmarks import memory as bytes_of
from benchmarks.harness import Row

from . import (
    block,
    coroutine,
    counter,
    disabled,
    drained,
    encode,
    exception,
    exported,
    exposition,
    floor,
    footprint,
    foreign,
    gateway,
    generator,
    histogram,
    labelled,
    log,
    memory,
    nested,
    push,
    recorded,
    scraped,
    span,
    stage,
    startup,
    static,
    timed,
    unsampled,
)

ROWS: dict[str, Row] = {
    "floor": Row(floor.CASES),
    "stage": Row(stage.CASES),
    "recorded": Row(recorded.CASES),
    "drained": Row(drained.CASES),
    "exported": Row(exported.CASES),
    "span": Row(span.CASES),
    "static": Row(static.CASES),
    "nested": Row(nested.CASES),
    "foreign": Row(foreign.CASES),
    "block": Row(block.CASES),
    "coroutine": Row(coroutine.CASES),
    "generator": Row(generator.CASES),
    "exception": Row(exception.CASES),
    "unsampled": Row(unsampled.CASES),
    "disabled": Row(disabled.CASES),
    "counter": Row(counter.CASES),
    "labelled": Row(labelled.CASES),
    "histogram": Row(histogram.CASES),
    "timed": Row(timed.CASES),
    "encode": Row(encode.CASES),
    "exposition": Row(exposition.CASES),
    "push": Row(push.CASES),
    "gateway": Row(gateway.CASES),
    "scraped": Row(scraped.CASES, latency.measure),
    "log": Row(log.CASES),
    "startup": Row(startup.CASES, over_bare=True),
    "footprint": Row(footprint.CASES, bytes_of.measure_peak, over_bare=True),
    "memory": Row(memory.CASES, bytes_of.measure_kept),
}

__all__ = ("ROWS",)
