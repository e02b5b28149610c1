"""A program that records through old and new names, scrapes itself, and writes down what it saw as JSON."""

from __future__ import annotations

import json
import sys
from urllib.request import urlopen

import telemetry

AMOUNTS = (0.05, 0.5, 5.0, 50.0)


def record() -> None:
    """Write to both names of each metric, in turns."""
    for turn, amount in enumerate(AMOUNTS):
        by_old, by_new = {"team": "red"}, {"squad": "red" if turn % 2 else "blue"}
        telemetry.metric("builds_total").labels(**by_old).inc()
        telemetry.metric("image_builds_total").labels(**by_new).inc()
        telemetry.metric("queue_depth").labels(**by_old).set(amount)
        telemetry.metric("image_queue_depth").labels(**by_new).inc(amount)
        for old, new in (
            ("build_seconds", "image_build_seconds"),
            ("push_seconds", "image_push_seconds"),
            ("image_bytes", "image_size_bytes"),
        ):
            telemetry.metric(old).labels(**by_old).observe(amount)
            telemetry.metric(new).labels(**by_new).observe(amount)
    telemetry.metric("pulls_total").inc(3)
    telemetry.metric("retries_total").inc(3)


with telemetry.configure("builder", prometheus_port=0) as runtime:
    record()
    with urlopen(f"http://127.0.0.1:{runtime.prometheus_port}/metrics") as answer:
        page = answer.read().decode()
    runtime.flush()
    sys.stdout.write(json.dumps({"page": page, "losses": dict(runtime.losses())}))
