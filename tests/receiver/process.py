"""A receiver in a process of its own, as an operator runs it; and servers that it talks to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

TOKENS = {"webhook": "w" * 20, "operator": "o" * 20, "reader": "r" * 20}
TELEMETRY = (sys.executable, "-c", "from telemetry.cli import main; main()")


@dataclass
class Served:
    """A receiver that runs."""

    process: subprocess.Popen[str]
    url: str

    def ask(self, method: str, path: str, *, role: str = "operator", **options: Any) -> httpx.Response:
        """Send a request with the token of a role."""
        headers = {"Authorization": f"Bearer {TOKENS[role]}", **options.pop("headers", {})}
        return httpx.request(method, self.url + path, headers=headers, timeout=20, **options)

    def deliver(self, *alerts: dict[str, Any], group: str = "{}:{}") -> httpx.Response:
        """Send alerts as Alertmanager does."""
        return self.ask("POST", "/observability/alerts", role="webhook", json=delivery(*alerts, group=group))

    def get(self, path: str) -> Any:
        """Read JSON."""
        answer = self.ask("GET", path, role="reader")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def incidents(self, query: str = "") -> list[dict[str, Any]]:
        """Read the incidents, the newest first."""
        found: list[dict[str, Any]] = self.get(f"/api/v1/incidents{query}")["incidents"]
        return found

    def acknowledge(self, number: int, seconds: int = 3600) -> httpx.Response:
        """Acknowledge an incident."""
        body = {"who": "kim", "why": "looking at it", "duration_seconds": seconds}
        return self.ask("POST", f"/api/v1/incidents/{number}/acknowledge", json=body)

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> int:
        """End it in order; give its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(20)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def start(database: str, tokens: Path, *options: str, **environment: str) -> Served:
    """Start a receiver, and wait until it serves."""
    tokens.write_text("".join(f"{role}-name {role} {token}\n" for role, token in TOKENS.items()))
    command = [*TELEMETRY, "alerts", "serve", "--json", "--port", "0", "--database", database, "--tokens", str(tokens)]
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.wait(10)
    return Served(process, json.loads(line)["url"])


def alert(
    name: str = "Slow", severity: str = "warning", *, ago: float = 60, ended: float | None = None, **labels: str
) -> dict[str, Any]:
    """Make an alert that began some seconds ago, and ended some seconds ago if it did."""
    told = {"alertname": name, "severity": severity, "metric_name": "parse_duration_ms", "environment": "staging",
            "squad": "parsers", **labels}  # fmt: skip
    return {
        "status": "firing" if ended is None else "resolved",
        "labels": told,
        "annotations": {"summary": f"{name} is so", "runbook_url": "https://runbooks.example/slow"},
        "startsAt": moment(ago),
        "endsAt": "0001-01-01T00:00:00Z" if ended is None else moment(ended),
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": f"{abs(hash(tuple(sorted(told.items())))):016x}",
    }


_BEGINNING = time.time()


def moment(ago: float) -> str:
    """Give a time before the tests began, always the same for the same distance."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(_BEGINNING - ago)) + "Z"


def delivery(*alerts: dict[str, Any], group: str = "{}:{}") -> dict[str, Any]:
    """Put alerts into Alertmanager's format."""
    return {"version": "4", "groupKey": group, "truncatedAlerts": 0, "receiver": "telemetry", "status": "firing",
            "externalURL": "http://alertmanager.example", "groupLabels": {}, "commonLabels": {},
            "commonAnnotations": {}, "alerts": list(alerts)}  # fmt: skip


def soon(holds: Callable[[], Any], *, within: float = 20) -> Any:
    """Wait until something holds, and give it."""
    end = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.05)
    return found


def free_port() -> int:
    """Give a port that nobody uses."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@dataclass
class Chat:
    """A webhook of a chat: it keeps what it takes, and answers as it is told."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    default: int = 204
    taken: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def texts(self) -> list[str]:
        """Give the messages that it took."""
        return [str(each.get("content") or each.get("text")) for each in self.taken]


@contextmanager
def chat() -> Iterator[Chat]:
    """Run a webhook."""
    made = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers = made.answers.pop(0) if made.answers else (made.default, {})
            made.times.append(time.monotonic())
            if status < 300:
                made.taken.append(body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/secret-path"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def alertmanager(folder: Path, receiver_url: str, port: int) -> Iterator[str]:
    """Run Debian's Alertmanager, which delivers to a receiver at once."""
    folder.mkdir(exist_ok=True)
    config = folder / "alertmanager.yml"
    config.write_text(
        "route: {receiver: telemetry, group_by: [metric_name, environment, squad], group_wait: 0s, "
        "group_interval: 1s, repeat_interval: 1h}\n"
        "receivers: [{name: telemetry, webhook_configs: [{url: '" + receiver_url + "/observability/alerts', "
        "http_config: {authorization: {credentials: " + TOKENS["webhook"] + "}}}]}]\n"
    )
    url = f"http://127.0.0.1:{port}"
    process = run(
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        log=folder / "log",
    )
    try:
        soon(lambda: _is_up(url + "/-/ready"))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def run(*command: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to a file."""
    with log.open("ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def post_alerts(alertmanager_url: str, *alerts: dict[str, Any]) -> None:
    """Give alerts to an Alertmanager, as Prometheus does."""
    sent: Sequence[dict[str, Any]] = [
        {name: value for name, value in each.items() if name not in ("status", "fingerprint")} for each in alerts
    ]
    httpx.post(f"{alertmanager_url}/api/v2/alerts", json=sent).raise_for_status()
