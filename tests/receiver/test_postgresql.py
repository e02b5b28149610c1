"""With Debian's PostgreSQL: two receivers on one database keep each alert once."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import StartReceiver
from .process import Served, alert, free_port, soon

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
pytestmark = pytest.mark.skipif(
    not (PROGRAMS / "postgres").exists() and not os.environ.get("CI"),
    reason="not installed: postgresql; see .ci/engines",
)


@pytest.fixture
def database() -> Iterator[str]:
    """A server with a database of its own; it refuses to run as root, so root lends it its own user."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    port = free_port()
    make = [str(PROGRAMS / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "alerts", "--no-sync"]
    subprocess.run(make, user=user, check=True, capture_output=True, cwd=folder)
    serve = [str(PROGRAMS / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder),
             "-c", "listen_addresses=127.0.0.1"]  # fmt: skip
    server = subprocess.Popen(serve, user=user, stderr=subprocess.DEVNULL, cwd=folder)
    ready = [str(PROGRAMS / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    try:
        soon(lambda: subprocess.run(ready, check=False).returncode == 0)
        yield f"postgresql+psycopg://alerts@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # does not wait for clients
        server.wait(20)
        shutil.rmtree(folder)


def test_two_receivers_share_it(start_receiver: StartReceiver, database: str) -> None:
    """Started at once, fed at once, one killed: one incident for each alert, one whole chain."""
    both = start_receiver(database=database), start_receiver(database=database)

    def send(receiver: Served) -> None:
        for number in range(20):
            assert receiver.deliver(alert(f"A{number}")).status_code == 200

    workers = [threading.Thread(target=send, args=(each,)) for each in both]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    both[0].kill()
    assert len({each["alertname"] for each in both[1].incidents()}) == len(both[1].incidents()) == 20
    assert both[1].acknowledge(1).status_code == 200
    assert both[1].incidents("?q=a1&limit=500")[0]["state"] == "firing"
    assert both[1].get("/api/v1/figures")["total"]["mtta_seconds"] is not None
    assert both[1].get("/api/v1/audit/verify")["finding"] is None
    assert both[1].ask("GET", "/metrics").status_code == 200
