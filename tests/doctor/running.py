"""Engines of Debian, each on a port of its own, and the command against them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from tests.export.servers import eventually, free_port

_DOCTOR = [sys.executable, "-c", "from telemetry.cli import main; main()", "doctor"]


def doctor(*checks: str, as_json: bool = True, **variables: str) -> tuple[int, Any]:
    """Run the command; give its exit code and what it says: with `as_json` the checks by subject, else the text."""
    options = [word for check in checks for word in ("--check", check)] + ["--json"] * as_json
    done = subprocess.run(
        [*_DOCTOR, *options], capture_output=True, text=True, check=False, env={**os.environ, **variables}
    )
    assert "Traceback" not in done.stderr, done.stderr
    if not as_json or done.returncode == 2:
        return done.returncode, done.stdout + done.stderr
    return done.returncode, {each["subject"]: each for each in json.loads(done.stdout)["checks"]}


@contextmanager
def running(path: str, program: str, *options: str, port: int) -> Iterator[str]:
    """Start an engine; give its address once it answers at `path`, and end it afterwards."""
    url = f"http://127.0.0.1:{port}"
    binary = shutil.which(program)
    assert binary is not None
    with subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert eventually(lambda: _answers(url + path), within_seconds=30)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url, trust_env=False).is_success
    return False


@contextmanager
def prometheus(folder: Path, *options: str) -> Iterator[str]:
    """Start Prometheus without anything to scrape."""
    port, configuration = free_port(), folder / "prometheus.yml"
    configuration.write_text("{}")
    own = (f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'tsdb'}")
    with running("/-/ready", "prometheus", *own, f"--web.listen-address=127.0.0.1:{port}", *options, port=port) as url:
        yield url


@contextmanager
def victoriametrics(folder: Path) -> Iterator[str]:
    """Start VictoriaMetrics."""
    port = free_port()
    options = (f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder / 'vm'}")
    with running("/health", "victoria-metrics", *options, port=port) as url:
        yield url


@contextmanager
def alertmanager(folder: Path, webhook: str) -> Iterator[str]:
    """Start an Alertmanager that tells a webhook of everything, at once."""
    port, configuration = free_port(), folder / "alertmanager.yml"
    receivers = [{"name": "all", "webhook_configs": [{"url": webhook}]}]
    route = {"receiver": "all", "group_wait": "0s", "group_interval": "1s"}
    configuration.write_text(json.dumps({"route": route, "receivers": receivers}))
    options = (
        f"--config.file={configuration}",
        f"--storage.path={folder / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with running("/-/ready", "prometheus-alertmanager", *options, port=port) as url:
        yield url
