"""Baggage: the entries of here and now, one mapping for us and for `opentelemetry.baggage`.

They lie in the ambient values under one key. Who is loaded first chooses it, as with the current span.
"""

from __future__ import annotations

from telemetry._hotpath import ambient

from .link import meet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_key = "baggage-telemetry"


def _take_baggage(module: Any, was_first: bool) -> None:
    """Meet `opentelemetry.baggage`: both sides keep the entries under one key."""
    global _key  # noqa: PLW0603 -- the one key of the process
    if was_first or not hasattr(module, "_BAGGAGE_KEY"):
        _key = next(iter(module.set_baggage("key", "value", ambient.Ambient())))
    else:
        module._BAGGAGE_KEY = _key


def get_baggage() -> Mapping[str, str]:
    """Give the entries of here and now, by key; a copy, for entries change by `set_baggage` only."""
    return entries_in(ambient.current())


def set_baggage(key: str, value: str) -> Any:
    """Set an entry from here on; the token that comes back goes to `detach`.

    It travels with the context inside of this process, and leaves it only if the setting `baggage_keys` lets it.
    """
    values = ambient.current()
    return ambient.attach(holding_entries(values, {**entries_in(values), key: value}))


def remove_baggage(key: str) -> Any:
    """Leave an entry out from here on; the token that comes back goes to `detach`."""
    values = ambient.current()
    return ambient.attach(
        holding_entries(values, {name: value for name, value in entries_in(values).items() if name != key})
    )


def entries_in(values: Mapping[str, Any]) -> dict[str, str]:
    """Give the entries that ambient values hold; OpenTelemetry lets them be of any type, and here they are text."""
    found = values.get(_key) if isinstance(values, dict) else None  # anybody may attach anything
    if not found or not isinstance(found, dict):
        return {}
    return {_text(key): _text(value) for key, value in found.items()}


def holding_entries(outer: Mapping[str, Any], entries: dict[str, str]) -> ambient.Ambient:
    """Give ambient values with these entries, and everything else as in `outer`."""
    values = ambient.Ambient(outer) if outer and isinstance(outer, dict) else ambient.Ambient()
    dict.__setitem__(values, _key, entries)  # a Context refuses its own item assignment
    return values


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except Exception:  # noqa: BLE001 -- __str__ is the user's code
        return ""


meet("opentelemetry.baggage", _take_baggage)
