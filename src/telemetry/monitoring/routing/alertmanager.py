"""alertmanager.yml: the routes, their receivers, what silences what, and the windows of maintenance.

Written for Alertmanager 0.25 and later. No secret is in it: each stands in a file that Alertmanager reads, and where it
reads none (Discord), an address below `.invalid` stands in for what `entrypoint.sh` puts there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from telemetry.monitoring.description.routing import Channel, Maintenance, Receiver, Routing

GROUPED_BY: Final = ("metric_name", "environment", "squad")
"""The labels whose alerts travel together, and within which a severity silences those below it."""

_RESOLVE: Final = "5m"
_TITLE: Final = '{{ template "telemetry.title" . }}'
_TEXT: Final = '{{ template "telemetry.text" . }}'
_DIGEST: Final = '{{ template "telemetry.digest" . }}'
_LOUDER: Final = (("critical", "warning"), ("critical", "info"), ("warning", "info"))


def alertmanager(routing: Routing, links: Mapping[str, str]) -> Mapping[str, object]:
    """Make the configuration of Alertmanager."""
    return {
        "global": {"resolve_timeout": _RESOLVE},
        "templates": ["telemetry.tmpl"],
        "route": _root(routing),
        "inhibit_rules": [_inhibition(loud, quiet) for loud, quiet in _LOUDER],
        "time_intervals": [_interval(window) for window in routing.maintenance],
        "receivers": [
            {"name": "observability", "webhook_configs": [_observability(routing)]},
            *({"name": name, **_receiver(routing, links, name)} for name in routing.receivers),
        ],
    }


def discord_stand_in(receiver: str) -> str:
    """Give the address that stands in for the Discord webhook of a receiver; no host can have it (RFC 2606)."""
    return f"https://discord.invalid/{receiver}"


def _root(routing: Routing) -> Mapping[str, object]:
    """Route all to our own receiver first, which keeps them, then each severity to its people."""
    timings, muted = routing.timings, [window.name for window in routing.maintenance]
    mute = {"mute_time_intervals": muted} if muted else {}
    return {
        "receiver": "observability",
        "group_by": list(GROUPED_BY),
        "group_wait": timings["group_wait"],
        "group_interval": timings["group_interval"],
        "repeat_interval": timings["repeat_critical"],
        "routes": [
            {"receiver": "observability", "continue": True},
            _route("second", ['escalation="second"'], repeat_interval=timings["repeat_critical"]),
            _route("critical", ['severity="critical"'], repeat_interval=timings["repeat_critical"]),
            {**_route("warning", ['severity="warning"'], repeat_interval=timings["repeat_warning"]), **mute},
            {**_route("info", ['severity="info"'], **_digest(timings["digest"])), **mute},
        ],
    }


def _route(receiver: Receiver, matchers: list[str], **settings: object) -> dict[str, object]:
    return {"matchers": matchers, "receiver": receiver, **settings}


def _digest(interval: str) -> dict[str, object]:
    """Gather one message an environment; the first comes soon, so that a short info is not gone before it."""
    return {
        "group_by": ["environment"],
        "group_wait": "10m",
        "group_interval": interval,
        "repeat_interval": interval,
    }


def _inhibition(loud: str, quiet: str) -> Mapping[str, object]:
    return {
        "source_matchers": [f'severity="{loud}"'],
        "target_matchers": [f'severity="{quiet}"'],
        "equal": list(GROUPED_BY),
    }


def _interval(window: Maintenance) -> Mapping[str, object]:
    return {
        "name": window.name,
        "time_intervals": [
            {
                "weekdays": list(window.weekdays),
                "times": [{"start_time": window.start, "end_time": window.end}],
                "location": window.location,
            }
        ],
    }


def _receiver(routing: Routing, links: Mapping[str, str], name: Receiver) -> Mapping[str, object]:
    return {f"{_KEYS[each]}_configs": [_CHANNELS[each](routing, links, name)] for each in routing.receivers[name]}


def _observability(routing: Routing) -> Mapping[str, object]:
    return _webhook(routing.channels["observability"])


def _webhook(settings: Mapping[str, str]) -> Mapping[str, object]:
    credentials = {"type": "Bearer", "credentials_file": settings["credentials_file"]}
    return {"url": settings["url"], "send_resolved": True, "http_config": {"authorization": credentials}}


def _ticket(routing: Routing, links: Mapping[str, str], name: Receiver) -> Mapping[str, object]:
    return _webhook(routing.channels["ticket"])


def _pagerduty(routing: Routing, links: Mapping[str, str], name: Receiver) -> Mapping[str, object]:
    settings = routing.channels["pagerduty"]
    key = "second_routing_key_file" if name == "second" else "routing_key_file"
    return {
        "routing_key_file": settings[key],
        "send_resolved": True,
        "severity": "critical",
        "client": "telemetry",
        "client_url": links["grafana"],
        "description": _TITLE,
        "details": {"owner": "{{ .CommonLabels.owner }}", "firing": _TEXT},
        "links": [
            {"href": "{{ (index .Alerts 0).Annotations.runbook_url }}", "text": "Runbook"},
            {"href": "{{ (index .Alerts 0).Annotations.dashboard_url }}", "text": "Dashboard"},
        ],
    }


def _discord(routing: Routing, links: Mapping[str, str], name: Receiver) -> Mapping[str, object]:
    return {
        "webhook_url": discord_stand_in(name),
        "send_resolved": name != "info",
        "title": _TITLE,
        "message": _said(name),
    }


def _slack(routing: Routing, links: Mapping[str, str], name: Receiver) -> Mapping[str, object]:
    settings = routing.channels["slack"]
    return {
        "api_url_file": settings["api_url_file"],
        "channel": f"{settings['channel']}-{name}",
        "send_resolved": name != "info",
        "title": _TITLE,
        "text": _said(name),
    }


def _email(routing: Routing, links: Mapping[str, str], name: Receiver) -> Mapping[str, object]:
    settings = routing.channels["email"]
    return {
        "to": ", ".join(routing.recipients),
        "from": settings["from"],
        "smarthost": settings["smarthost"],
        "auth_username": settings["username"],
        "auth_password_file": settings["password_file"],
        "require_tls": True,
        "send_resolved": name != "info",
        "headers": {"Subject": _TITLE},
        "html": "",
        "text": _said(name),
    }


def _said(name: Receiver) -> str:
    return _DIGEST if name == "info" else _TEXT


_KEYS: Final[Mapping[Channel, str]] = {
    "pagerduty": "pagerduty",
    "discord": "discord",
    "slack": "slack",
    "email": "email",
    "ticket": "webhook",
}
_CHANNELS: Final[Mapping[Channel, Callable[[Routing, Mapping[str, str], Receiver], Mapping[str, object]]]] = {
    "pagerduty": _pagerduty,
    "discord": _discord,
    "slack": _slack,
    "email": _email,
    "ticket": _ticket,
}
