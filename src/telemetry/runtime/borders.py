"""Sets the rules of the borders: in which formats the context travels, and which baggage may leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

from telemetry.config import Settings
from telemetry.context import choose, govern
from telemetry.logs import redact_value

Count = Callable[[str, str], None]
Admit = Callable[[str, str], object]


def draw(settings: Settings, count: Count, admit: Admit = redact_value) -> None:
    """Have the context cross as the settings say; what is refused is counted.

    Args:
        settings: Say in which formats, and what of the baggage.
        count: Called with what is refused.
        admit: Gives a value without secrets, by its key; what it changes, and a key that it changes, stays here.
    """
    choose(settings.propagators, count)

    def cleared(key: str, value: str) -> str | None:
        return value if admit("", key) == key and admit(key, value) == value else None

    def said(reason: str, detail: str) -> None:
        count(reason, str(admit("", detail)))

    govern(_matcher(settings.baggage_keys), cleared, said)


def lift() -> None:
    """Let the trace context cross in the formats of the W3C, and no baggage: there is no runtime."""
    draw(Settings(), _uncounted)


def _matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    if not patterns:
        return _nothing
    match = re.compile("|".join(map(translate, patterns))).match
    return lambda key: match(key) is not None


def _nothing(_: str) -> bool:
    return False


def _uncounted(_: str, __: str) -> None:
    """Say nothing: there is nobody to say it to."""
