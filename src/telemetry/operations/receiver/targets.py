"""Where messages go: webhooks of Discord and Slack, each for some severities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlsplit

from telemetry.errors import ConfigurationError

from .webhook import SEVERITIES

_KINDS: Final = ("discord", "slack")
_PER_MINUTE: Final = {"discord": 25, "slack": 50}  # Discord allows 30 a minute and channel, Slack one a second
_FORM: Final = "write each line as: LEVELS KIND URL, such as critical,warning discord https://…"


@final
@dataclass(frozen=True, slots=True)
class Target:
    """A webhook.

    Attributes:
        name: What it is called where its address must not be seen.
        kind: `discord` or `slack`.
        url: Its address, which is a secret.
        levels: The severities that it gets.
        per_minute: The most messages in a minute.
    """

    name: str
    kind: str
    url: str
    levels: frozenset[str]
    per_minute: int


def read_targets(text: str, source: str) -> tuple[Target, ...]:
    """Read webhooks, a line each: severities joined by commas or `all`, the kind, the address.

    Raises:
        ConfigurationError: A line has another form; the message does not show the address.
    """
    found: list[Target] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            found.append(_target(words, f"{source}, line {number}", len(found) + 1))
    return tuple(found)


def _target(words: list[str], where: str, number: int) -> Target:
    if len(words) != 3:
        raise ConfigurationError(f"{where}: {_FORM}")
    levels, kind, url = words
    if kind not in _KINDS:
        raise ConfigurationError(f"{where}: there is no kind {kind!r}; take {' or '.join(_KINDS)}")
    wanted = frozenset(SEVERITIES if levels == "all" else levels.split(","))
    if unknown := sorted(wanted - frozenset(SEVERITIES)):
        raise ConfigurationError(f"{where}: there is no severity {unknown[0]!r}; take all, or {', '.join(SEVERITIES)}")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{where}: the address has to begin with https://")
    return Target(f"{number} {kind} {levels}", kind, url, wanted, _PER_MINUTE[kind])
