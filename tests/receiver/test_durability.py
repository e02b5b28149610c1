"""What was answered is on disk: after SIGKILL, with two receivers, with a repeated request."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from pathlib import Path

import httpx

from .conftest import StartReceiver
from .process import TELEMETRY, Served, alert, soon


def test_nothing_that_was_answered_is_lost_by_a_kill(start_receiver: StartReceiver) -> None:
    """SIGKILL under load: each alert that got its answer is there, and the chain of the audit log is whole."""
    receiver = start_receiver()
    answered: list[str] = []

    def send(worker: int) -> None:
        for number in range(10_000):
            name = f"A{worker}-{number}"
            try:
                taken = receiver.deliver(alert(name)).status_code == 200
            except httpx.HTTPError:
                return
            answered.extend([name] * taken)

    workers = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for each in workers:
        each.start()
    soon(lambda: len(answered) > 60)
    receiver.kill()
    for each in workers:
        each.join()
    again = start_receiver()
    kept: set[str] = set()
    cursor = ""
    while cursor is not None:
        page = again.get(f"/api/v1/incidents?limit=500{cursor and '&cursor=' + cursor}")
        kept.update(each["alertname"] for each in page["incidents"])
        cursor = page["next"]
    assert set(answered) <= kept
    assert again.get("/api/v1/audit/verify")["finding"] is None


def test_a_repeated_request_after_a_kill_is_known(start_receiver: StartReceiver) -> None:
    """Killed between the disk and the answer, the receiver takes the repetition for what it is."""
    first = start_receiver()
    first.deliver(alert())
    first.kill()
    again = start_receiver()
    assert again.deliver(alert()).json() == {"stored": 0, "repeated": 1, "late": 0}
    assert len(again.incidents()) == 1


def test_two_receivers_share_a_database(start_receiver: StartReceiver) -> None:
    """Both take the same alerts at the same time, as from two Alertmanagers: one incident each, one whole chain."""
    both = start_receiver(), start_receiver()

    def send(receiver: Served) -> None:
        for number in range(20):
            assert receiver.deliver(alert(f"A{number}")).status_code == 200

    workers = [threading.Thread(target=send, args=(each,)) for each in both]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert len(both[0].incidents()) == 20
    assert len({each["alertname"] for each in both[1].incidents()}) == 20
    assert both[1].get("/api/v1/audit/verify")["finding"] is None
    received = both[0].get("/api/v1/audit?action=received&limit=500")["entries"]
    assert sum(each["detail"]["stored"] for each in received) == 20
    assert sum(each["detail"]["repeated"] for each in received) == 20


def test_a_newer_database_is_refused(start_receiver: StartReceiver, tmp_path: Path) -> None:
    """An older program does not touch tables that it does not know."""
    start_receiver().stop()
    path = tmp_path / "alerts.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alert_schema SET version = 99")
    command = [*TELEMETRY, "alerts", "serve", "--no-auth", "--port", "0", "--database", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "its tables are of version 99" in done.stderr
