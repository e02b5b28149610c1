"""A delivery of Alertmanager: its webhook format, version 4, as its documentation has it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final, final

from .body import read_json
from .clock import read_time
from .problem import wrong

VERSION: Final = "4"
SEVERITIES: Final = ("none", "info", "warning", "critical")
"""From the least to the worst; a label that says something else counts as `none`."""

_SEVERITY_LABELS: Final = ("severity", "alert_severity")
_MOST_ALERTS: Final = 10_000
_MOST_LABELS: Final = 200
_MOST_TEXT: Final = 16_384
_STATES: Final = ("firing", "resolved")


@final
@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a delivery.

    Attributes:
        status: `firing` or `resolved`.
        fingerprint: Alertmanager's hash of the labels.
        starts_ms: Since when it fires.
        ends_ms: When it ended; None while it fires.
        key: What is the same for all severities of a fault: a hash of the other labels.
    """

    status: str
    fingerprint: str
    starts_ms: int
    ends_ms: int | None
    labels: dict[str, str]
    annotations: dict[str, str]
    generator_url: str
    key: str

    @property
    def severity(self) -> str:
        """How bad it is, of `SEVERITIES`."""
        return severity_of(self.labels)


@final
@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request brought."""

    group_key: str
    receiver: str
    external_url: str
    alerts: tuple[Alert, ...]
    truncated: int
    digest: str


def severity_of(labels: dict[str, str]) -> str:
    """Give the severity that labels say."""
    said = next((labels[name].lower() for name in _SEVERITY_LABELS if labels.get(name)), "none")
    return said if said in SEVERITIES else "none"


def without_severity(labels: dict[str, str]) -> dict[str, str]:
    """Give the labels that stay when the severity changes."""
    return {name: value for name, value in labels.items() if name not in _SEVERITY_LABELS}


def receipt_key(group_key: str, alert: Alert) -> str:
    """Give what is the same for each repetition of an alert's state: by it a redelivery is known."""
    return _hash([group_key, alert.fingerprint, alert.starts_ms, alert.status])


def read_delivery(body: bytes) -> Delivery:
    """Read the body of a request.

    Raises:
        Problem: It is not in the format; the problem says where.
    """
    document = _object(read_json(body), "")
    if document.get("version") != VERSION:
        said = json.dumps(document.get("version"))[:40]
        raise wrong(f"this is version {said} of the format; send version {VERSION}", "/version")
    alerts = document.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        raise wrong("`alerts` has to be a list with at least one alert", "/alerts")
    if len(alerts) > _MOST_ALERTS:
        raise wrong(f"more than {_MOST_ALERTS} alerts; set `max_alerts` of the webhook", "/alerts")
    truncated = document.get("truncatedAlerts", 0)
    if type(truncated) is not int or not 0 <= truncated < 1 << 31:
        raise wrong("`truncatedAlerts` has to be a count", "/truncatedAlerts")
    return Delivery(
        group_key=_text(document, "groupKey", "", required=True),
        receiver=_text(document, "receiver", ""),
        external_url=_text(document, "externalURL", ""),
        alerts=tuple(_alert(each, f"/alerts/{number}") for number, each in enumerate(alerts)),
        truncated=truncated,
        digest=hashlib.sha256(body).hexdigest(),
    )


def _alert(value: Any, where: str) -> Alert:
    document = _object(value, where)
    status = document.get("status")
    if status not in _STATES:
        raise wrong("`status` has to be firing or resolved", f"{where}/status")
    labels = _texts(document, "labels", where)
    if not labels:
        raise wrong("an alert needs a label", f"{where}/labels")
    starts = _time(document, "startsAt", where)
    is_over = status == "resolved"
    ends = _time(document, "endsAt", where) if is_over or "endsAt" in document else None
    return Alert(
        status=status,
        fingerprint=_text(document, "fingerprint", where, required=True, longest=64),
        starts_ms=starts,
        ends_ms=ends if is_over else None,
        labels=labels,
        annotations=_texts(document, "annotations", where),
        generator_url=_text(document, "generatorURL", where),
        key=_hash(sorted(without_severity(labels).items())),
    )


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong("this has to be an object", where)
    return value


def _text(document: dict[str, Any], name: str, where: str, *, required: bool = False, longest: int = _MOST_TEXT) -> str:
    value = document.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise wrong(f"`{name}` has to be a text" + (", and not an empty one" if required else ""), f"{where}/{name}")
    if len(value) > longest:
        raise wrong(f"`{name}` is longer than {longest} characters", f"{where}/{name}")
    return value


def _texts(document: dict[str, Any], name: str, where: str) -> dict[str, str]:
    value = document.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise wrong(f"`{name}` has to be an object of texts", f"{where}/{name}")
    if len(value) > _MOST_LABELS or any(len(key) + len(each) > _MOST_TEXT for key, each in value.items()):
        raise wrong(f"`{name}` has more than {_MOST_LABELS} entries, or one too long", f"{where}/{name}")
    return value


def _time(document: dict[str, Any], name: str, where: str) -> int:
    try:
        return read_time(_text(document, name, where, required=True))
    except ValueError as error:
        raise wrong(str(error), f"{where}/{name}") from None


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()
