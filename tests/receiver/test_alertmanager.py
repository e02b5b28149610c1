"""With Debian's Alertmanager: what it delivers, its silences, and what ends under one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from tests.engines import needs

from .conftest import StartReceiver
from .process import Served, alert, alertmanager, free_port, post_alerts, soon

pytestmark = needs("prometheus-alertmanager")


def silences(url: str, state: str) -> list[dict[str, Any]]:
    """Read the silences of an Alertmanager that stand so."""
    found = httpx.get(f"{url}/api/v2/silences").json()
    return [each for each in found if each["status"]["state"] == state]


def silence_of(receiver: Served, number: int) -> dict[str, Any]:
    """Read the silence of an incident."""
    found: dict[str, Any] = receiver.get(f"/api/v1/incidents/{number}")["silence"]
    return found


def test_an_acknowledgement_is_a_silence(start_receiver: StartReceiver, tmp_path: Path) -> None:
    """What Alertmanager delivered and somebody acknowledged is silent there; taking it back ends the silence."""
    port = free_port()
    receiver = start_receiver("--alertmanager", f"http://127.0.0.1:{port}")
    with alertmanager(tmp_path / "am", receiver.url, port) as url:
        post_alerts(url, alert())
        incident = soon(lambda: receiver.incidents("?state=firing"))[0]
        assert incident["alertname"] == "Slow"
        receiver.acknowledge(incident["id"])
        (made,) = soon(lambda: silences(url, "active"))
        assert made["createdBy"] == "kim"
        assert made["comment"].startswith("looking at it [telemetry:")
        assert {each["name"]: each["value"] for each in made["matchers"]} == incident["labels"]
        soon(lambda: silence_of(receiver, 1)["state"] == "active")
        assert silence_of(receiver, 1)["alertmanager_id"] == made["id"]
        receiver.ask("POST", "/api/v1/incidents/1/unacknowledge", json={"why": "no"})
        soon(lambda: not silences(url, "active"))
        soon(lambda: silence_of(receiver, 1)["state"] == "ended")


def test_what_ends_under_a_silence_is_resolved(start_receiver: StartReceiver, tmp_path: Path) -> None:
    """Alertmanager sends no `resolved` for a silenced alert: the receiver looks, and takes the silence away."""
    port = free_port()
    receiver = start_receiver("--alertmanager", f"http://127.0.0.1:{port}", "--settle-seconds", "0")
    with alertmanager(tmp_path / "am", receiver.url, port) as url:
        post_alerts(url, alert())
        soon(lambda: receiver.incidents("?state=firing"))
        receiver.acknowledge(1)
        soon(lambda: silences(url, "active"))
        assert receiver.incidents()[0]["state"] == "acknowledged"
        post_alerts(url, alert(ended=1))
        soon(lambda: receiver.incidents("?state=resolved"))
        soon(lambda: not silences(url, "active"))


def test_an_acknowledgement_waits_for_alertmanager(start_receiver: StartReceiver, tmp_path: Path) -> None:
    """While Alertmanager is down it is kept, shown as pending and tried again, over a SIGKILL of the receiver too."""
    port = free_port()
    options = ("--alertmanager", f"http://127.0.0.1:{port}")
    receiver = start_receiver(*options)
    receiver.deliver(alert())
    assert receiver.acknowledge(1).json()["silence"]["state"] == "pending"
    soon(lambda: silence_of(receiver, 1)["error"])
    receiver.kill()
    again = start_receiver(*options)
    assert again.incidents()[0]["state"] == "acknowledged"
    assert silence_of(again, 1)["state"] == "pending"
    with alertmanager(tmp_path / "am", again.url, port) as url:
        soon(lambda: silence_of(again, 1)["state"] == "active", within=60)
        assert len(silences(url, "active")) == 1


def test_a_maintenance_window_is_a_silence_that_somebody_approved(
    start_receiver: StartReceiver, tmp_path: Path
) -> None:
    """Who asks cannot approve; the silence names both; ending it early ends it there."""
    port = free_port()
    receiver = start_receiver("--alertmanager", f"http://127.0.0.1:{port}")
    body = {"matchers": [{"name": "squad", "value": "parsers"}], "who": "kim", "why": "upgrade", "approver": "kim",
            "ends_at": "2999-01-01T00:00:00Z"}  # fmt: skip
    refused = receiver.ask("POST", "/api/v1/maintenance", json={**body, "starts_at": "2998-12-31T00:00:00Z"})
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/approver")
    body |= {"approver": "lee", "starts_at": "2998-12-31T00:00:00Z"}
    with alertmanager(tmp_path / "am", receiver.url, port) as url:
        number = receiver.ask("POST", "/api/v1/maintenance", json=body).json()["id"]
        (made,) = soon(lambda: silences(url, "pending"))
        assert made["comment"].startswith("upgrade (approved by lee)")
        assert receiver.ask("DELETE", f"/api/v1/maintenance/{number}").status_code == 200
        soon(lambda: not silences(url, "pending"))
        assert receiver.ask("DELETE", f"/api/v1/maintenance/{number}").status_code == 409
