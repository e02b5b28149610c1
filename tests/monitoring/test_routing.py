"""Alertmanager hears of everything, tells the right people, and learns no secret from a committed file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.engines import needs
from tests.monitoring.trees import described, loaded, write_tree


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate what is shipped."""
    folder = tmp_path_factory.mktemp("tree")
    return write_tree(folder, described(folder))


def receivers(tree: Path, **labels: str) -> str:
    """Ask amtool who hears of an alert."""
    config = tree / "alertmanager" / "alertmanager.yml"
    pairs = [f"{name}={value}" for name, value in labels.items()]
    command = ["amtool", "config", "routes", "test", f"--config.file={config}", *pairs]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def render(tree: Path, name: str, data: Path | None = None) -> str:
    """Render a message as Alertmanager does, for the example of amtool or the data of a test."""
    glob, text = (
        f"--template.glob={tree / 'alertmanager' / 'telemetry.tmpl'}",
        f'--template.text={{{{ template "{name}" . }}}}',
    )
    given = [f"--template.data={data}"] if data else []
    return subprocess.run(
        ["amtool", "template", "render", glob, text, *given], check=True, capture_output=True, text=True
    ).stdout


@needs("amtool")
@pytest.mark.parametrize("environment", ["development", "offline", "online", "production", "staging"])
def test_each_severity_reaches_its_people(tree: Path, environment: str) -> None:
    """In each environment our own receiver hears of all alerts, and each severity of its own."""
    for labels, receiver in (
        ({"severity": "critical"}, "critical"),
        ({"severity": "critical", "escalation": "second"}, "second"),
        ({"severity": "warning"}, "warning"),
        ({"severity": "info"}, "info"),
    ):
        assert receivers(tree, environment=environment, **labels) == f"observability,{receiver}"


def test_times_are_those_of_the_plan(tree: Path) -> None:
    """Alerts are told within 5 s, again after 30 minutes or an hour; infos gather for 4 hours."""
    root = loaded(tree, "alertmanager/alertmanager.yml")["route"]
    by_receiver = {route["receiver"]: route for route in root["routes"]}
    assert (root["group_by"], root["group_wait"], root["group_interval"]) == (
        ["metric_name", "environment", "squad"], "5s", "15s",
    )  # fmt: skip
    repeats = {name: route.get("repeat_interval") for name, route in by_receiver.items() if name != "observability"}
    assert repeats == {"second": "30m", "critical": "30m", "warning": "60m", "info": "4h"}
    assert by_receiver["info"]["group_interval"] == "4h"
    assert "mute_time_intervals" not in by_receiver["critical"]
    assert by_receiver["warning"]["mute_time_intervals"] == ["weekly"]


def test_worse_severities_silence_milder_ones(tree: Path) -> None:
    """Critical silences warning and info, and warning info, of the same metric, environment and squad."""
    rules = loaded(tree, "alertmanager/alertmanager.yml")["inhibit_rules"]
    pairs = {(rule["source_matchers"][0], rule["target_matchers"][0]) for rule in rules}
    assert pairs == {
        ('severity="critical"', 'severity="warning"'),
        ('severity="critical"', 'severity="info"'),
        ('severity="warning"', 'severity="info"'),
    }
    assert all(rule["equal"] == ["metric_name", "environment", "squad"] for rule in rules)


def test_channels_are_those_of_the_plan(tree: Path) -> None:
    """Critical pages and is in the chat, warning makes a ticket, info is a digest, and we keep all of it."""
    found = {each["name"]: set(each) - {"name"} for each in loaded(tree, "alertmanager/alertmanager.yml")["receivers"]}
    assert found == {
        "observability": {"webhook_configs"},
        "critical": {"pagerduty_configs", "discord_configs", "slack_configs"},
        "second": {"pagerduty_configs", "email_configs", "discord_configs"},
        "warning": {"discord_configs", "slack_configs", "webhook_configs"},
        "info": {"discord_configs", "email_configs"},
    }


def test_no_secret_is_in_the_configuration(tree: Path) -> None:
    """Keys, tokens and passwords stand in files; a webhook is an address that no host has."""
    text = (tree / "alertmanager/alertmanager.yml").read_text()
    for name in ("routing_key:", "api_url:", "auth_password:", "credentials:", "https://discord.com"):
        assert name not in text
    assert text.count("https://discord.invalid/") == 4


@needs("amtool")
def test_the_entrypoint_puts_webhooks_in(tree: Path, tmp_path: Path) -> None:
    """The copy that Alertmanager reads has the webhooks of the files, as they are; it is ours alone, and valid."""
    secrets, programs, rendered = tmp_path / "secrets", tmp_path / "bin", tmp_path / "rendered"
    secrets.mkdir()
    programs.mkdir()
    (secrets / "discord_critical").write_text("https://discord.com/api/webhooks/1/a&b|c\n")
    (secrets / "discord_info").write_text("")
    (programs / "alertmanager").write_text('#!/bin/sh\necho "$@"\n')
    (programs / "alertmanager").chmod(0o755)
    settings = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TELEMETRY_CONFIGURATION": str(tree / "alertmanager"),
        "TELEMETRY_RENDERED": str(rendered),
        "TELEMETRY_SECRETS": str(secrets),
    }
    command = ["/bin/sh", str(tree / "alertmanager/entrypoint.sh"), "--storage.path=x"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=settings)
    assert done.stdout.split() == [f"--config.file={rendered}/alertmanager.yml", "--storage.path=x"]
    text = (rendered / "alertmanager.yml").read_text()
    assert "webhook_url: https://discord.com/api/webhooks/1/a&b|c\n" in text
    assert "https://discord.invalid/info" in text
    assert rendered.stat().st_mode & 0o77 == 0
    subprocess.run(["amtool", "check-config", str(rendered / "alertmanager.yml")], check=True, capture_output=True)


def start(tree: Path, folder: Path, **files: str) -> subprocess.CompletedProcess[str]:
    """Run the entrypoint with these files of secrets; what stands for Alertmanager shows its configuration."""
    secrets, programs, temporary = folder / "secrets", folder / "bin", folder / "tmp"
    for each in (secrets, programs, temporary):
        each.mkdir()
    for name, text in files.items():
        (secrets / name).write_text(text)
    (programs / "alertmanager").write_text('#!/bin/sh\ncat "${1#--config.file=}"\necho "$1"\n')
    (programs / "alertmanager").chmod(0o755)
    settings = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TELEMETRY_CONFIGURATION": str(tree / "alertmanager"),
        "TELEMETRY_SECRETS": str(secrets),
        "TMPDIR": str(temporary),
    }
    command = ["/bin/sh", str(tree / "alertmanager/entrypoint.sh")]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=settings)


def test_a_webhook_is_found_among_other_lines(tree: Path, tmp_path: Path) -> None:
    """Lines around the address, blanks and a carriage return do no harm; a file without an address is named."""
    done = start(tree, tmp_path, discord_critical="# ours\r\n  https://d.test/a&b \r\n\n", discord_info="nothing\n")
    assert done.returncode == 0, done.stderr
    assert "webhook_url: https://d.test/a&b\n" in done.stdout
    assert "https://discord.invalid/info" in done.stdout
    assert done.stderr.count("discord_info begins with https://") == 1


def test_the_copy_has_a_folder_that_nobody_can_foretell(tree: Path, tmp_path: Path) -> None:
    """Without a folder of ours, the copy with the webhooks is in a new one, which is ours alone."""
    done = start(tree, tmp_path)
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "tmp").iterdir()
    assert done.stdout.endswith(f"--config.file={made}/alertmanager.yml\n")
    assert (made.name != "alertmanager", made.stat().st_mode & 0o77) == (True, 0)


@needs("amtool")
def test_messages_are_short_and_complete(tree: Path, tmp_path: Path) -> None:
    """A message has the severity, the alert, the place, the value, the owner and both links."""
    data = tmp_path / "data.json"
    data.write_text("""{
        "status": "firing",
        "commonLabels": {"severity": "critical", "alertname": "AgentSilent", "environment": "staging"},
        "alerts": [{
            "status": "firing",
            "labels": {"alertname": "AgentSilent", "owner": "platform"},
            "annotations": {"summary": "An agent is silent", "description": "Silent for 5m 10s.",
                            "runbook_url": "http://r/AgentSilent.md", "dashboard_url": "http://g/d/agents"}
        }]
    }""")
    assert render(tree, "telemetry.title", data).strip() == "[CRITICAL] AgentSilent in staging"
    assert render(tree, "telemetry.text", data).strip().splitlines() == [
        "An agent is silent",
        "Silent for 5m 10s.",
        "Owner: platform",
        "Runbook: http://r/AgentSilent.md",
        "Dashboard: http://g/d/agents",
    ]
    assert render(tree, "telemetry.digest", data).strip() == "- AgentSilent: Silent for 5m 10s."


@needs("amtool")
def test_routes_of_a_user_change_what_they_name_only(tmp_path: Path) -> None:
    """Without Slack, with another digest: the rest stays as shipped, and Alertmanager takes it."""
    ours = '[receivers]\ncritical = ["pagerduty"]\n[timings]\ndigest = "8h"\n'
    tree = write_tree(tmp_path / "tree", described(tmp_path / "ours", routing=ours))
    config = loaded(tree, "alertmanager/alertmanager.yml")
    assert set(config["receivers"][1]) == {"name", "pagerduty_configs"}
    assert config["route"]["routes"][-1]["repeat_interval"] == "8h"
    assert config["route"]["group_wait"] == "5s"
    subprocess.run(
        ["amtool", "check-config", str(tree / "alertmanager/alertmanager.yml")], check=True, capture_output=True
    )
