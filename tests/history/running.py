"""Real engines for tests: each on a free port of this machine, with a folder of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@contextmanager
def victoria(folder: Path) -> Iterator[str]:
    """Run a VictoriaMetrics; give its address."""
    at = f"127.0.0.1:{free_port()}"
    command = [
        "victoria-metrics",
        f"-storageDataPath={folder}",
        f"-httpListenAddr={at}",
        "-retentionPeriod=100y",
        "-memory.allowedBytes=100MB",
    ]
    with _running(command, f"http://{at}", "/health"):
        yield f"http://{at}"


@contextmanager
def prometheus(folder: Path) -> Iterator[str]:
    """Run a Prometheus on a folder of blocks; give its address."""
    at = f"127.0.0.1:{free_port()}"
    settings = folder.with_suffix(".yml")
    settings.write_text("global: {}\n")
    command = [
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={folder}",
        f"--web.listen-address={at}",
        "--storage.tsdb.retention.time=100y",
    ]
    with _running(command, f"http://{at}", "/-/ready"):
        yield f"http://{at}"


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """Run an Alertmanager that sends to nobody; give its address."""
    at = f"127.0.0.1:{free_port()}"
    settings = folder.with_suffix(".yml")
    settings.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    command = [
        "prometheus-alertmanager",
        f"--config.file={settings}",
        f"--storage.path={folder}",
        f"--web.listen-address={at}",
        "--cluster.listen-address=",
    ]
    with _running(command, f"http://{at}", "/-/ready"):
        yield f"http://{at}"


@contextmanager
def _running(command: list[str], url: str, path: str) -> Iterator[None]:
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(child, url + path)
        yield
    finally:
        child.terminate()
        child.wait(30)


def _wait(child: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url, trust_env=False, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert child.poll() is None, f"{child.args!r} has ended"
        time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")
