"""Messages to chats: within their limits, as long as it takes, and nobody is called by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import StartReceiver
from .process import Chat, Served, alert, chat, soon


@pytest.fixture
def webhook() -> Iterator[Chat]:
    """A webhook."""
    with chat() as made:
        yield made


def relay(tmp_path: Path, *lines: str) -> tuple[str, str]:
    """Write a file of webhooks; give the option that names it."""
    path = tmp_path / "relay"
    path.write_text("\n".join(lines))
    return "--relay", str(path)


def waiting(receiver: Served) -> list[dict[str, Any]]:
    """Read the messages that wait."""
    found: list[dict[str, Any]] = receiver.get("/api/v1/messages?state=waiting")["messages"]
    return found


def test_each_change_is_told_once(start_receiver: StartReceiver, tmp_path: Path, webhook: Chat) -> None:
    """Opened and resolved are a message each; a redelivery is none; another severity goes elsewhere."""
    receiver = start_receiver(*relay(tmp_path, f"critical discord {webhook.url}"))
    receiver.deliver(alert(severity="critical"), alert("Other", "info"))
    receiver.deliver(alert(severity="critical"))
    soon(lambda: len(webhook.taken) == 1)
    receiver.deliver(alert(severity="critical", ended=1))
    soon(lambda: len(webhook.taken) == 2)
    first, second = webhook.texts()
    assert first.startswith("#1 [CRITICAL] opened: Slow (staging/parsers/parse_duration_ms) - Slow is so")
    assert "resolved" in second
    assert "Other" not in first + second


def test_many_incidents_are_one_message(start_receiver: StartReceiver, tmp_path: Path, webhook: Chat) -> None:
    """A storm stays under Discord's 2000 characters, says how many more there are, and leaves nothing behind."""
    receiver = start_receiver(*relay(tmp_path, f"all discord {webhook.url}"))
    receiver.deliver(*(alert(f"A{number}", "critical") for number in range(300)))
    soon(lambda: webhook.taken and not waiting(receiver))
    assert all(len(each) <= 2000 for each in webhook.texts())
    assert "more: " in webhook.texts()[0]
    assert len(webhook.taken) <= 2


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("discord", "@\u200beveryone <@\u200b&1>"), ("slack", "@everyone &lt;@&amp;1&gt; &lt;!channel&gt;")],
)
def test_nobody_is_called(start_receiver: StartReceiver, tmp_path: Path, webhook: Chat, kind: str, shown: str) -> None:
    """What an alert says cannot mention a person, a role or a channel."""
    receiver = start_receiver(*relay(tmp_path, f"all {kind} {webhook.url}"))
    one = alert()
    one["annotations"]["summary"] = "@everyone <@&1> <!channel>"
    receiver.deliver(one)
    soon(lambda: webhook.taken)
    assert shown in webhook.texts()[0]
    if kind == "discord":
        assert webhook.taken[0]["allowed_mentions"] == {"parse": []}


def test_a_limit_is_honoured(start_receiver: StartReceiver, tmp_path: Path, webhook: Chat) -> None:
    """After 429 nothing is sent for as long as the webhook asks; then all of it is."""
    webhook.answers = [(429, {"Retry-After": "2.5"})]
    receiver = start_receiver(*relay(tmp_path, f"all discord {webhook.url}"))
    receiver.deliver(alert())
    soon(lambda: webhook.taken)
    assert webhook.times[1] - webhook.times[0] >= 2.5
    assert (
        'alert_relay_messages_total{environment="development",result="limited"} 1'
        in receiver.ask("GET", "/metrics").text
    )


def test_a_webhook_that_is_down_loses_nothing(start_receiver: StartReceiver, tmp_path: Path, webhook: Chat) -> None:
    """While it answers 500 messages are kept, tried again and shown, over a SIGKILL too; its address is not shown."""
    webhook.default = 500
    option = relay(tmp_path, f"all discord {webhook.url}")
    receiver = start_receiver(*option)
    receiver.deliver(alert())
    (message,) = soon(lambda: [each for each in waiting(receiver) if each["attempts"] > 1])
    assert message["error"] == "the webhook answered 500"
    assert "secret-path" not in receiver.ask("GET", "/api/v1/messages").text
    receiver.kill()
    webhook.default = 204
    again = start_receiver(*option)
    assert len(waiting(again)) == 1 or webhook.taken
    soon(lambda: webhook.taken, within=75)
    soon(lambda: not waiting(again))
    assert len(webhook.taken) == 1


def test_a_webhook_that_refuses_is_shown(start_receiver: StartReceiver, tmp_path: Path, webhook: Chat) -> None:
    """One that is gone is not asked again and again; the message stays, with the reason."""
    webhook.default = 404
    receiver = start_receiver(*relay(tmp_path, f"all slack {webhook.url}"))
    receiver.deliver(alert())
    (message,) = soon(lambda: receiver.get("/api/v1/messages?state=refused")["messages"])
    assert message["error"] == "the webhook answered 404"
    assert os.path.basename(webhook.url) not in str(message)
