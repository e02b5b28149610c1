"""Customs: the baggage that may leave this process.

That is what the settings name, and nothing that looks like a secret. The runtime sets the rules with
`govern`; until it does, and after it has shut down, nothing leaves.
"""

from __future__ import annotations

from .baggage import BaggageValue, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Allows = Callable[[str], bool]
    """Tells whether entries of a key may leave."""
    Redact = Callable[[str, str], str | None]
    """Gives what may leave of a value, by its key; None where nothing may."""
    Count = Callable[[str, str], None]
    """Counts what was refused: the reason, and the case."""


def _nothing(_: str) -> bool:
    return False


def _unchanged(_: str, value: str) -> str:
    return value


def _uncounted(_: str, __: str) -> None:
    """Say nothing: there is nobody to say it to."""


_allows: Allows = _nothing
_redact: Redact = _unchanged
_count: Count = _uncounted


def govern(allows: Allows = _nothing, redact: Redact = _unchanged, count: Count = _uncounted) -> None:
    """Set the rules for baggage on its way out; without arguments nothing leaves."""
    global _allows, _redact, _count
    _allows, _redact, _count = allows, redact, count


def cleared(entries: Mapping[str, str]) -> dict[str, str]:
    """Give what may leave; each entry that may not is counted as `baggage_refused`."""
    passed = {}
    for key, value in entries.items():
        if not _allows(key):
            refuse(key, "is not in baggage_keys")
        elif (text := _redacted(key, value)) is None:
            refuse(key, "looks like a secret")
        else:
            passed[key] = text
    return passed


def refuse(key: str, why: str) -> None:
    """Count an entry that stays here; its value is not said, for it may be a secret."""
    note("baggage_refused", f"{key!r} {why}: it stays in this process")


def note(reason: str, detail: str) -> None:
    """Count what was refused at the border, through the runtime if there is one."""
    _count(reason, detail)


def _redacted(key: str, value: str) -> str | None:
    text = _redact(key, str(value))
    properties = value.properties if isinstance(value, BaggageValue) else ""
    if text is None or not properties:
        return text
    shown = decode(properties)
    return BaggageValue(text, properties) if _redact(key, shown) == shown else text
