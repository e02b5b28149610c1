"""What children record arrives, under their own name, counts once, and has ids that nobody else has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from tests.collector import Collector
from tests.export.servers import attributes

from telemetry.contracts import load_registry
from telemetry.export.gateway import Access, Gateway

from .crossings import REGISTRY
from .departures import IDS
from .trails import arrived, misplaced, ran


def ticks(collector: Collector) -> dict[object, float]:
    """Give the last state of the counter by the process that it is of."""
    found: dict[object, float] = {}
    for arrival in collector.arrivals:
        for group in arrival.message.resource_metrics if arrival.signal == "metrics" else ():
            who = attributes(group.resource.attributes)["process.pid"]
            for metric in (metric for scope in group.scope_metrics for metric in scope.metrics):
                if metric.name == "shop_ticks_total":
                    found[who] = metric.sum.data_points[0].as_double
    return found


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_telemetry_of_children_arrives_before_their_end(method: str) -> None:
    """A collector has their spans and counts, each under the child's own pid and instance: 100, 3 and 3."""
    with Collector() as collector:
        done = ran("departures", method, collector.url)
        assert (done.returncode, done.stderr) == (0, "")
        found, counted = arrived(collector), ticks(collector)
    pids = dict(zip(("root", "process", "executor"), json.loads(done.stdout), strict=True))
    assert misplaced(found) == []
    assert {label: int(each.process.split()[0]) for label, each in found.items()} == pids
    assert len({each.process for each in found.values()}) == 3
    assert counted == {pids["root"]: 100.0, pids["process"]: 3.0, pids["executor"]: 3.0}


def test_a_forked_child_counts_from_zero(journal_folder: Path) -> None:
    """A parent with 100 and two children with 3 make 106 in the totals, not what each inherited besides."""
    done = ran("departures", "fork", "")
    assert (done.returncode, done.stderr) == (0, "")
    with Gateway(journal_folder, load_registry(REGISTRY), Access(port=0)) as gateway:
        text = httpx.get(f"{gateway.url}/metrics", trust_env=False).text
    values = re.findall(r"^shop_ticks_total\{.*\} (\S+)$", text, re.MULTILINE)
    assert [float(value) for value in values] == [106.0], text


@pytest.mark.parametrize("pure", ["", "1"])
def test_ids_never_collide(pure: str) -> None:
    """100 000 ids of eight forked processes are all different, and each stream of random numbers is the user's."""
    done = ran("departures", TELEMETRY_PURE=pure)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [str(8 * 2 * IDS), "True"]
