"""Who may talk to a receiver, and with what: tokens, roles, other sites, bodies of strangers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from telemetry.errors import ConfigurationError
from telemetry.operations.receiver import read_targets, read_tokens

from .process import TELEMETRY, TOKENS, Served, alert, delivery

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ((), "give --tokens FILE"),
        (("--host", "0.0.0.0", "--no-auth"), "other machines can reach it; give --tokens"),
        (("--host", "0.0.0.0", "--tokens", "TOKENS"), "tokens would travel in the clear"),
        (("--no-auth", "--tokens", "TOKENS"), "contradict each other"),
        (("--no-auth", "--database", "mystery://x"), "--database"),
    ],
)
def test_an_open_door_is_refused(tmp_path: Path, options: tuple[str, ...], problem: str) -> None:
    """Without tokens only this machine is served, and tokens never travel in the clear: exit code 2, and why."""
    tokens = tmp_path / "tokens"
    tokens.write_text("kim operator " + "o" * 20)
    given = [str(tokens) if each == "TOKENS" else each for each in options]
    command = [*TELEMETRY, "alerts", "serve", "--port", "0", *given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert problem in done.stderr


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        (None, "GET", "/api/v1/incidents", 401),
        ("webhook", "GET", "/api/v1/incidents", 403),
        ("reader", "GET", "/api/v1/incidents", 200),
        ("reader", "POST", "/observability/alerts", 403),
        ("reader", "POST", "/api/v1/incidents/1/resolve", 403),
        ("webhook", "POST", "/api/v1/incidents/1/resolve", 403),
        (None, "GET", "/metrics", 401),
        (None, "GET", "/healthz", 200),
        (None, "GET", "/readyz", 200),
        ("operator", "PUT", "/api/v1/incidents", 405),
        ("operator", "GET", "/nowhere", 404),
    ],
)
def test_each_role_has_its_own(receiver: Served, role: str | None, method: str, path: str, status: int) -> None:
    """What a token is not for is refused, in the form of all refusals."""
    headers = {"Authorization": f"Bearer {TOKENS[role]}"} if role else {}
    body = json.dumps({"why": "x"}) if method == "POST" else None
    answer = httpx.request(method, receiver.url + path, headers={**JSON, **headers}, content=body)
    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_page_of_another_site_changes_nothing(receiver: Served) -> None:
    """A session's cookie alone is not enough: the request has to say that our page sent it."""
    receiver.deliver(alert())
    with httpx.Client(base_url=receiver.url) as browser:
        own = {"Origin": receiver.url, "Sec-Fetch-Site": "same-origin"}
        assert browser.post("/api/v1/login", json={"token": TOKENS["operator"]}, headers=own).status_code == 200
        path, body = "/api/v1/incidents/1/resolve", {"why": "x"}
        other = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert browser.post(path, json=body, headers=other).status_code == 403
        assert browser.post(path, json=body).status_code == 403
        assert browser.post(path, json=body, headers=own).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "not JSON"),
        (b"\xff", 400, "not UTF-8"),
        (b"[" * 100_000, 400, "deeper"),
        (b"[" * 50 + b"]" * 50, 400, "deeper"),
        (b"1" * 5000, 400, "not JSON"),
        (b'{"version": NaN}', 400, "NaN"),
        (b"[]", 422, "object"),
        (b'{"version": "5"}', 422, "version 4"),
        (b'{"version": "4", "groupKey": "x", "alerts": []}', 422, "at least one"),
        (b" " * (5 << 20), 413, "larger than"),
    ],
)
def test_a_poor_body_is_refused(receiver: Served, body: bytes, status: int, said: str) -> None:
    """What is not a delivery gets an answer that says why, and the receiver goes on."""
    answer = receiver.ask("POST", "/observability/alerts", content=body, headers=JSON)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    assert receiver.deliver(alert()).status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"status": "maybe"}, "/alerts/0/status"),
        ({"labels": {"a": 1}}, "/alerts/0/labels"),
        ({"labels": {}}, "/alerts/0/labels"),
        ({"startsAt": "yesterday"}, "/alerts/0/startsAt"),
        ({"startsAt": 5}, "/alerts/0/startsAt"),
        ({"fingerprint": None}, "/alerts/0/fingerprint"),
        ({"annotations": []}, "/alerts/0/annotations"),
    ],
)
def test_a_poor_alert_is_refused_with_its_place(receiver: Served, change: dict[str, Any], pointer: str) -> None:
    """The problem names the place; nothing of the delivery is kept."""
    answer = receiver.ask("POST", "/observability/alerts", json=delivery(alert("Good"), {**alert(), **change}))
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer.replace("/0/", "/1/"))
    assert receiver.incidents() == []


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\u0000"'])
def test_text_that_no_database_keeps_is_refused(receiver: Served, text: str) -> None:
    """Half a surrogate pair and NUL are valid JSON, and refused all the same."""
    body = json.dumps(delivery(alert(squad="HERE"))).replace('"HERE"', text)
    assert receiver.ask("POST", "/observability/alerts", content=body, headers=JSON).status_code == 422


@pytest.mark.parametrize("line", ["kim operator", "kim boss " + "x" * 20, "kim operator short", ""])
def test_poor_lines_of_tokens_are_refused(line: str) -> None:
    """The message names the line, and never shows a token."""
    with pytest.raises(ConfigurationError) as caught:
        read_tokens(line, "tokens")
    assert "x" * 20 not in str(caught.value)


@pytest.mark.parametrize("line", ["all discord", "all irc https://a.example/x", "loud slack https://a.example/x"])
def test_poor_lines_of_webhooks_are_refused(line: str) -> None:
    """The message says what is wrong, and never shows the address."""
    with pytest.raises(ConfigurationError) as caught:
        read_targets(line, "relay")
    assert "a.example" not in str(caught.value)
