"""Carriers: headers of requests and messages, in all the shapes that servers have for them."""

from __future__ import annotations

from _collections_abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    Text = str | bytes
    Carrier = Mapping[str, Text | Sequence[Text]] | Iterable[tuple[Text, Text]]
    Fields = dict[str, list[str]]


def read_fields(carrier: Carrier, wanted: frozenset[str] | None) -> Fields:
    """Give the values of the wanted fields by lower-case name, in order; of all fields for None.

    Names are found in any case (W3C Trace Context §3.2.1), and a name that is there several times has several values.
    What is no text is ignored.

    Args:
        carrier: A mapping, whose values may be text, bytes, or lists of them; or pairs, as ASGI and Kafka have them.
        wanted: Lower-case names.
    """
    fields: Fields = {}
    for pair in _pairs(carrier):
        if type(pair) is not tuple and (not isinstance(pair, (tuple, list)) or len(pair) != 2):
            continue
        if len(pair) != 2:
            continue
        key, value = pair
        name = key.lower() if type(key) is str else text_of(key).lower()
        if name and (wanted is None or name in wanted):
            fields.setdefault(name, []).extend(texts_of(value))
    return fields


def text_of(value: object) -> str:
    """Give text or bytes as text; empty for anything else. Bytes beyond ASCII become what no grammar here allows."""
    if isinstance(value, str):
        return value
    return value.decode("latin-1") if isinstance(value, bytes) else ""


def texts_of(value: object) -> list[str]:
    """Give the values of a field, be there one or several; what is no text is left out."""
    if isinstance(value, (str, bytes)):
        return [text_of(value)]
    if not isinstance(value, Sequence):
        return []
    return [text_of(each) for each in value if isinstance(each, (str, bytes))]


def _pairs(carrier: Any) -> Iterator[object]:
    items = getattr(carrier, "items", None)
    try:
        return iter(items() if callable(items) else carrier)
    except Exception:  # noqa: BLE001 -- whatever a server takes for headers, its request goes on
        return iter(())
