"""Write what many processes left in one folder: journals, or the files of prometheus_client's multiprocess mode.

What the row of the gateway uses beside the public surface is here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from .series import COMBINATIONS, ENVIRONMENT, names, values, write_registry

PROCESSES = 64
METRICS = 2
SERIES = METRICS * len(COMBINATIONS)
_RING_BYTES = 1 << 20


def gateway(stack: ExitStack) -> Callable[[], bytes]:
    """Give what makes the page of a gateway out of the journals of all processes, which live."""
    from prometheus_client import CollectorRegistry

    from telemetry.contracts import load_registry
    from telemetry.export.gateway.roster import Roster
    from telemetry.export.page import Page
    from telemetry.journal import Folder, JournalFile
    from telemetry.metrics import ExecutionMetrics, MergedMetrics

    folder = _folder(stack)
    registry = load_registry(write_registry(folder))
    journals = Folder.open(folder / "journals")
    for _ in range(PROCESSES):
        region = JournalFile(journals, _RING_BYTES)
        metrics = ExecutionMetrics(registry, ambient={"environment": ENVIRONMENT}, limit=SERIES, region=region)
        stack.callback(region.close)
        value = iter(values("counter"))
        for name in names("counter")[:METRICS]:
            for labels in COMBINATIONS:
                metrics.record(name, next(value), **labels)
    roster = Roster(journals.path)
    page = Page(MergedMetrics(registry, roster.parts, roster.tell), CollectorRegistry())
    assert roster.problems == {}
    return lambda: b"".join(page.render("text"))


def prometheus(stack: ExitStack) -> Callable[[], bytes]:
    """Give what makes the same page in prometheus_client's multiprocess mode."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.mmap_dict import MmapedDict, mmap_key
    from prometheus_client.multiprocess import MultiProcessCollector

    folder = _folder(stack)
    for process in range(PROCESSES):
        values_of = MmapedDict(str(folder / f"counter_{process}.db"))  # type: ignore[no-untyped-call]
        value = iter(values("counter"))
        for name in names("counter")[:METRICS]:
            for labels in COMBINATIONS:
                pairs = [*labels], [*labels.values()]
                key = mmap_key(name.removesuffix("_total"), name, *pairs, "What a worker did.")
                values_of.write_value(key, next(value), 0.0)  # type: ignore[no-untyped-call]
        values_of.close()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return lambda: generate_latest(registry)


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(TemporaryDirectory(prefix="benchmarks-")))
