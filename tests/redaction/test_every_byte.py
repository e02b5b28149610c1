"""No secret that a pipeline meets is in any byte that leaves its process, on either twin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.collector import Collector

SECRETS = {
    "account": "ada.lovelace-4711",
    "access": "open-sesame-4712",
    "late": "late-sesame-4713",
    "result": "result-sesame-4714",
    "github": "ghp_" + "a1B2c3D4e5" * 4,
    "url": "hunter2-4715",
    "header": "Zm9vYmFyOmJhego0NzE2",
    "baggage": "baggage-sesame-4717",
    "field": "door-sesame-4718",
    "environment": "xoxb-123456789012-" + "a1B2c3D4e5" * 2,
    "note": "AKIAIOSFODNN7EXAMPLE",
    "cause": "sk_live_" + "a1B2c3D4e5" * 3,
    "member": "glpat-" + "a1B2c3D4e5" * 2,
    "label": "npm_" + "a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5a1B2c3",
    "event": "hvs.CAESI" + "a1B2c3D4e5" * 3,
}

PIPELINE = """
import json, logging, os, sys
from pathlib import Path
import telemetry
from telemetry.context import set_baggage
from telemetry.pipeline import run_toolchain
from opentelemetry import trace

secrets = json.loads(sys.stdin.readline())
runtime = telemetry.configure("push", prometheus_port=0, log_format="json", log_level="debug")
log = telemetry.get_logger("push")

@telemetry.record_metric("pushes_total", capture={"team": "team"})
@telemetry.instrument_span("image.push",
    capture={"image.account": "account", "image.access": "access", "image.name": "name"},
    result={"image.header.x": lambda given: given})
def push(account, access, name, team, *, late="", fails=False):
    span = telemetry.current_span()
    if late:
        span.set_attribute("image.access", late)
    log.info("image.pushed", account=account, door_code=secrets["field"])
    if fails:
        error = PermissionError(f"{account} may not push with {access} and {late} and {secrets['github']}")
        error.add_note("used " + secrets["note"])
        raise error from ValueError("key " + secrets["cause"])
    return secrets["result"]

def call(**more):
    url = f"https://ci:{secrets['url']}@registry.example/v2"
    try:
        push(secrets["account"], secrets["access"], url, "red", **more)
    except PermissionError:
        log.exception("image.pushed", account=secrets["account"])

for _ in range(3):
    call()
    call(fails=True)
    call(late=secrets["late"], fails=True)
push("someone", "else-where", "clamp", secrets["label"])

tracer = trace.get_tracer("http")
try:
    with tracer.start_as_current_span("GET") as span:
        span.set_attribute("http.request.header.authorization", ["Basic " + secrets["header"]])
        span.set_attribute("image.access", secrets["access"])
        span.add_event("sent with " + secrets["event"], {"cookie": secrets["header"]})
        extra = {"account": secrets["account"]}
        logging.getLogger("http").warning("sent %s to %s", secrets["github"], secrets["account"], extra=extra)
        raise ExceptionGroup("all of " + secrets["access"], [OSError(secrets["member"])])
except ExceptionGroup:
    log.exception("image.pushed")

set_baggage("session_token", secrets["baggage"])
told = "import os; print(os.environ.get('BAGGAGE', 'none'), os.environ['DEPLOY']); raise SystemExit(3)"
with telemetry.span("compile.execute"):
    try:
        run_toolchain([sys.executable, "-c", told], cwd=".",
            environ={"DEPLOY": secrets["environment"]})
    except telemetry.PipelineError as error:
        log.exception("image.pushed")
with telemetry.span("compile.execute"):
    told = "import os; print(os.environ.get('BAGGAGE', 'none'))"
    Path("baggage.txt").write_bytes(run_toolchain([sys.executable, "-c", told], cwd=".").stdout.text().encode())

with telemetry.span("image.push", attributes={"image.access": secrets["access"], "image.name": "still open"}):
    assert runtime.flush(20)
    print(runtime.prometheus_port, flush=True)
    sys.stdin.readline()
telemetry.shutdown()
"""


@pytest.mark.parametrize("pure", ["", "1"])
def test_no_byte_of_a_secret_leaves(tmp_path: Path, registry_file: Path, pure: str) -> None:
    """Journal, requests to the collector, standard output and error, and the scrape have data, and no secret."""
    registry = json.loads(registry_file.read_text())
    registry["metrics"] = [
        {
            "name": "pushes_total",
            "kind": "counter",
            "unit": "count",
            "description": "Pushes.",
            "owner": "me",
            "labels": ["team", "environment"],
        }
    ]
    registry_file.write_text(json.dumps(registry))
    with Collector() as collector, (tmp_path / "stderr").open("wb") as stderr:
        environment = {
            **os.environ,
            "TELEMETRY_PURE": pure,
            "TELEMETRY_REGISTRY": str(registry_file),
            "TELEMETRY_JOURNAL": str(tmp_path / "journal"),
            "TELEMETRY_BAGGAGE_KEYS": "*",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        with subprocess.Popen(
            [sys.executable, "-c", PIPELINE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            cwd=tmp_path,
            text=True,
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(SECRETS) + "\n")
            process.stdin.flush()
            port = process.stdout.readline().strip()
            assert port, (tmp_path / "stderr").read_text()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
                shown = {"scrape": answer.read()}
            journals = [path for path in (tmp_path / "journal").rglob("*") if path.is_file()]
            shown |= {f"journal {path.name}": path.read_bytes() for path in journals}
            rest, _ = process.communicate("\n", timeout=60)
        assert process.returncode == 0, (tmp_path / "stderr").read_text()
        shown |= {f"request {n}": each.message.SerializeToString() for n, each in enumerate(collector.arrivals)}
    shown |= {"stdout": rest.encode(), "stderr": (tmp_path / "stderr").read_bytes()}
    shown["baggage"] = (tmp_path / "baggage.txt").read_bytes()

    found = [(name, place) for name, secret in SECRETS.items() for place in shown if secret.encode() in shown[place]]
    assert found == []
    requests = b"".join(text for place, text in shown.items() if place.startswith("request"))
    journal = b"".join(text for place, text in shown.items() if place.startswith("journal"))
    for data in (requests, journal, shown["stderr"]):
        assert b"may not push with" in data and b"hmac:" in data
    assert b'pushes_total{environment="development",team="red"} 9.0' in shown["scrape"]
