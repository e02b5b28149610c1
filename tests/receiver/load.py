"""Loads a receiver as Alertmanagers in a storm do, and counts what it kept.

`python -m tests.receiver.load --rate 1000 --seconds 30` starts a receiver on a file, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from .process import TOKENS, Served, alert, delivery, start

IN_A_REQUEST = 10


async def load(receiver: Served, rate: int, seconds: float) -> dict[str, Any]:
    """Send alerts at a rate, ten in a request, each of them new; give how many were answered, and how fast."""
    waits: list[float] = []
    refused: list[str] = []
    requests = int(rate * seconds / IN_A_REQUEST)
    headers = {"Authorization": f"Bearer {TOKENS['webhook']}"}
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    async with httpx.AsyncClient(base_url=receiver.url, headers=headers, timeout=60, limits=limits) as client:

        async def send(number: int) -> None:
            alerts = [alert(f"A{number}-{place}") for place in range(IN_A_REQUEST)]
            before = time.perf_counter()
            answer = await client.post("/observability/alerts", json=delivery(*alerts, group=str(number)))
            waits.append(time.perf_counter() - before)
            if answer.status_code != 200:
                refused.append(answer.text)

        began = time.perf_counter()
        running = []
        for number in range(requests):
            await asyncio.sleep(max(0.0, began + number * IN_A_REQUEST / rate - time.perf_counter()))
            running.append(asyncio.create_task(send(number)))
        await asyncio.gather(*running)
        took = time.perf_counter() - began
    cuts = statistics.quantiles(waits, n=100)
    return {
        "alerts": requests * IN_A_REQUEST,
        "refused_requests": len(refused),
        "alerts_per_second": round(requests * IN_A_REQUEST / took),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
    }


def kept(receiver: Served) -> int:
    """Count the incidents that are open."""
    groups = receiver.get("/api/v1/groups")["groups"]
    return sum(each["open"] for each in groups)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="alerts a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--database", default="", help="by default a file that is deleted after")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        receiver = start(given.database or str(Path(folder) / "alerts.sqlite3"), Path(folder) / "tokens")
        try:
            found = asyncio.run(load(receiver, given.rate, given.seconds))
            found["kept"] = kept(receiver)
        finally:
            receiver.stop()
    print(json.dumps(found))  # noqa: T201 - this is its result


if __name__ == "__main__":
    main()
