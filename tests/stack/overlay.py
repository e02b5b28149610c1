"""The generated configurations on loopback: other addresses and secrets, a shorter `for`, and nothing else.

- Prometheus scrapes what the test serves, and keeps what it has for itself.
- Every receiver talks to the sink, with secrets from files of the test. Mail is left out: nobody here takes it.
- The weekly window in which warnings are muted is taken out, so that the proof holds on a Sunday night too.
- `for` is ten seconds at most and groups are evaluated every ten seconds: that `for` keeps its time to the second is
  proven by the generated unit tests. Expressions, labels, annotations, routes and their timings stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from tests.stack.cases import seconds

TOKEN = "a-token-of-the-test"
LONGEST_FOR = 10
INTERVAL = "10s"


def write_alertmanager(generated: Path, folder: Path, sink: str) -> Path:
    """Write the generated configuration of Alertmanager for this machine."""
    config = yaml.safe_load((generated / "alertmanager" / "alertmanager.yml").read_text())
    secret = folder / "secret"
    secret.write_text(TOKEN)
    config["templates"] = [str(generated / "alertmanager" / name) for name in config.get("templates", ())]
    for receiver in config["receivers"]:
        _redirect(receiver, sink, folder, str(secret))
    for route in config["route"]["routes"]:
        route.pop("mute_time_intervals", None)
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def _redirect(receiver: dict[str, Any], sink: str, folder: Path, secret: str) -> None:
    name = receiver["name"]
    receiver.pop("email_configs", None)
    for each in receiver.get("pagerduty_configs", ()):
        each.update(url=f"{sink}/pagerduty", routing_key_file=secret)
    for each in receiver.get("discord_configs", ()):
        each["webhook_url"] = f"{sink}/discord/{name}"
    for each in receiver.get("slack_configs", ()):
        address = folder / f"slack-{name}"
        address.write_text(f"{sink}/slack/{name}")
        each["api_url_file"] = str(address)
    for each in receiver.get("webhook_configs", ()):
        each["url"] = f"{sink}/{'observability' if name == 'observability' else f'ticket/{name}'}"
        each["http_config"]["authorization"]["credentials_file"] = secret


def rule_files(generated: Path) -> list[Path]:
    """Name the generated rules, those that thin out for the long term included."""
    return [*sorted((generated / "rules").glob("*.yml")), generated / "victoriametrics" / "downsampling.yml"]


def write_rules(generated: Path, folder: Path) -> list[Path]:
    """Write the generated rules with a shorter `for`."""
    (folder / "rules").mkdir()
    written = []
    for path in rule_files(generated):
        document = yaml.safe_load(path.read_text())
        for group in document["groups"]:
            group["interval"] = INTERVAL
            for rule in group["rules"]:
                if seconds(rule.get("for", "0s")) > LONGEST_FOR:
                    rule["for"] = f"{LONGEST_FOR}s"
        copy = folder / "rules" / path.name
        copy.write_text(yaml.safe_dump(document))
        written.append(copy)
    return written


def write_prometheus(
    generated: Path, folder: Path, rules: list[Path], targets: dict[str, str], alertmanager: str = ""
) -> Path:
    """Write the generated configuration of Prometheus with its timings, for these targets by job, and one store."""
    config = yaml.safe_load((generated / "prometheus" / "prometheus.yml").read_text())
    config.pop("remote_write", None)
    config["rule_files"] = [str(path) for path in rules]
    config["scrape_configs"] = [
        {"job_name": job, "honor_labels": True, "static_configs": [{"targets": [target]}]}
        for job, target in targets.items()
    ]
    address = [alertmanager.removeprefix("http://")] if alertmanager else []
    config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": address}]}]}
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path
