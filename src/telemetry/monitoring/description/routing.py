"""Who hears of an alert: the channels of each severity, the timings, and the windows of maintenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, final, get_args

from telemetry.contracts import Entry, Form

from .duration import DURATION
from .wording import check_secrets

Receiver = Literal["critical", "second", "warning", "info"]
"""Whom a route leads to: a severity's receivers, or those of a critical alert that nobody resolved."""

Channel = Literal["pagerduty", "discord", "slack", "email", "ticket"]
"""A way to tell people."""

RECEIVERS: Final[tuple[Receiver, ...]] = get_args(Receiver)
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)

URL: Final = Form(r"https?://[^\s@]+", "a URL such as 'http://127.0.0.1:3000', without a password")
_FILE: Final = Form(r"/[^\s]+", "an absolute path")
_NAME: Final = Form("[a-z][a-z0-9_-]*", "a name of lower-case letters, digits, '-' and '_'")
_TIME: Final = Form("(?:[01][0-9]|2[0-4]):[0-5][0-9]", "a time such as '02:00'")
_TIMINGS: Final = ("group_wait", "group_interval", "repeat_critical", "repeat_warning", "digest")
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SETTINGS: Final[Mapping[str, Mapping[str, Form | None]]] = {
    "observability": {"url": URL, "credentials_file": _FILE},
    "ticket": {"url": URL, "credentials_file": _FILE},
    "pagerduty": {"routing_key_file": _FILE, "second_routing_key_file": _FILE},
    "slack": {"api_url_file": _FILE, "channel": None},
    "email": {"smarthost": None, "from": None, "username": None, "password_file": _FILE},
    "discord": {"secrets": _FILE},
}


@final
@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window of each week in which warnings and infos wait.

    Attributes:
        approver: Who answers for it.
        start: The time of day at which it begins; `end` is after it.
        location: The time zone of both.
    """

    name: str
    approver: str
    weekdays: tuple[str, ...]
    start: str
    end: str
    location: str


@final
@dataclass(frozen=True, slots=True)
class Routing:
    """Who hears of an alert.

    Attributes:
        timings: Durations: `group_wait`, `group_interval`, `repeat_critical`, `repeat_warning`, `digest`.
        receivers: The channels of each receiver.
        channels: The settings of each channel; of secrets, the file only.
        recipients: Who gets mail.
    """

    timings: Mapping[str, str] = field(default_factory=dict, hash=False)
    receivers: Mapping[Receiver, tuple[Channel, ...]] = field(default_factory=dict, hash=False)
    channels: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    recipients: tuple[str, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()


def read_routing(entry: Entry, base: Routing | None = None) -> Routing:
    """Read `routing.toml`; what it does not say is as in `base`, and what is wrong is reported at its place."""
    known = base or Routing()
    with entry:
        with entry.entry("timings") as timings:
            durations = _texts(timings, dict.fromkeys(_TIMINGS, DURATION), known.timings)
        with entry.entry("receivers") as receivers:
            chosen = {each: _channels(receivers, each, known.receivers.get(each)) for each in RECEIVERS}
        with entry.entry("channels") as channels:
            settings = {each: _settings(channels.entry(each), each, known) for each in _SETTINGS}
            recipients = channels.entry("email").texts("to") or known.recipients
        windows = tuple(map(_maintenance, entry.entries("maintenance"))) or known.maintenance
        return Routing(durations, chosen, settings, recipients, windows)


def _texts(entry: Entry, forms: Mapping[str, Form | None], known: Mapping[str, str]) -> Mapping[str, str]:
    return {key: entry.text(key, known.get(key), form) for key, form in forms.items()}


def _channels(entry: Entry, receiver: Receiver, known: tuple[Channel, ...] | None) -> tuple[Channel, ...]:
    names = entry.texts(receiver, required=known is None)
    if known is not None and not entry.has(receiver):
        return known
    for index, name in enumerate(names):
        if name not in CHANNELS:
            (entry.place / receiver / index).report(f"must be one of {', '.join(CHANNELS)}; it is {name!r}")
    return tuple(each for name in names for each in CHANNELS if each == name)


def _settings(entry: Entry, channel: str, known: Routing) -> Mapping[str, str]:
    with entry:
        if channel == "email":
            entry.texts("to", required=not known.recipients)
        settings = _texts(entry, _SETTINGS[channel], known.channels.get(channel, {}))
        check_secrets(entry, {key: settings[key] for key, form in _SETTINGS[channel].items() if form is URL})
        return settings


def _maintenance(entry: Entry) -> Maintenance:
    with entry:
        weekdays = entry.texts("weekdays", required=True, least=1)
        for index, day in enumerate(weekdays):
            if day not in _DAYS:
                (entry.place / "weekdays" / index).report(f"must be one of {', '.join(_DAYS)}; it is {day!r}")
        window = Maintenance(
            name=entry.text("name", form=_NAME),
            approver=entry.text("approver"),
            weekdays=weekdays,
            start=entry.text("start", form=_TIME),
            end=entry.text("end", form=_TIME),
            location=entry.text("location", default="UTC"),
        )
        if window.start >= window.end:
            (entry.place / "end").report(f"must be after {window.start}; use a second window after midnight")
        return window
