"""The `baggage` header of W3C Baggage: names and values of the user's, with properties."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

HEADER_LIMIT = 8192
"""Bytes of a header: no fewer may be passed on (§3.3.2), and this room passes on no more."""
MEMBERS_LIMIT = 180
"""Members of a header: at least 64 (§3.3.2), and as many as OpenTelemetry's propagators take."""

_ALPHANUMERIC = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_TOKEN = _ALPHANUMERIC | frozenset("!#$%&'*+-.^_`|~")  # RFC 9110 §5.6.2
_OCTETS = frozenset(map(chr, range(0x21, 0x7F))) - frozenset('",;\\')
_PLAIN = _OCTETS - frozenset("%")
_WRITTEN = [chr(octet) if chr(octet) in _PLAIN else f"%{octet:02X}" for octet in range(256)]
_HEX = frozenset(b"0123456789abcdefABCDEF")


class BaggageValue(str):
    """A value with properties: what the header has behind it, which mean something to others only.

    >>> BaggageValue("a b", "ttl=5").properties
    'ttl=5'

    Attributes:
        properties: As they are written, without white space: `name` or `name=value`, with `;` between them.
    """

    __slots__ = ("properties",)

    properties: str

    def __new__(cls, value: str, properties: str = "") -> Self:
        """Make a value of text, and of properties as a header has them."""
        made = super().__new__(cls, value)
        made.properties = properties
        return made


def parse_baggage(header: str) -> dict[str, str]:
    """Read a header; a member that is invalid is left out alone, and of several with one key the last one counts.

    Values are decoded; those with properties are `BaggageValue`. Of a header that is too long the members are read
    that lie within the limits.
    """
    entries: dict[str, str] = {}
    for text in _bounded(header).split(","):
        key, value = _parse_member(text)
        if value is not None and (key in entries or len(entries) < MEMBERS_LIMIT):
            entries[key] = value
    return entries


def format_baggage(entries: Mapping[str, str], drop: Callable[[str, str], None]) -> str:
    """Write a header; `drop` is told the key of each entry that cannot be in it, and why.

    Args:
        entries: Values by key.
        drop: Called with a key, and what is wrong with its entry.
    """
    members: list[str] = []
    room = HEADER_LIMIT
    for key, value in entries.items():
        if not key or not _TOKEN.issuperset(key):
            drop(key, "is no token (RFC 9110 §5.6.2)")
            continue
        text = f"{key}={encode(value)}{_properties_of(value)}"
        if len(text) > room or len(members) == MEMBERS_LIMIT:
            drop(key, f"does not fit into {HEADER_LIMIT} bytes and {MEMBERS_LIMIT} members")
            continue
        members.append(text)
        room -= len(text) + 1
    return ",".join(members)


def encode(value: str) -> str:
    """Write a value in the octets that are allowed: all others as `%` and two digits for each byte of UTF-8.

    >>> encode("50 % é")
    '50%20%25%20%C3%A9'
    """
    if _PLAIN.issuperset(value):
        return str(value)
    return "".join([_WRITTEN[octet] for octet in _octets(value)])


def _octets(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:  # a surrogate, which UTF-8 cannot carry, becomes U+FFFD
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def decode(value: str) -> str:
    """Read a value; bytes that are no UTF-8 become U+FFFD (§3.3.1.3), and a `%` without two digits stays one.

    >>> decode("50%20%25%20%C3%A9 100%")
    '50 % é 100%'
    """
    if "%" not in value:
        return value
    first, *rest = value.encode("utf-8", "replace").split(b"%")
    return b"".join([first, *map(_unescaped, rest)]).decode("utf-8", "replace")


def _unescaped(part: bytes) -> bytes:
    digits = part[:2]
    if len(digits) < 2 or not _HEX.issuperset(digits):
        return b"%" + part
    return bytes((int(digits, 16),)) + part[2:]


def _bounded(header: str) -> str:
    if len(header) <= HEADER_LIMIT:
        return header
    return header[: header.rfind(",", 0, HEADER_LIMIT + 1) + 1]


def _parse_member(text: str) -> tuple[str, str | None]:
    """Read one member; None in place of the value where it is invalid."""
    entry, semicolon, rest = text.partition(";")
    name, equals, octets = entry.partition("=")
    key, value = name.strip(" \t"), octets.strip(" \t")
    if not (equals and key and _TOKEN.issuperset(key) and _OCTETS.issuperset(value)):
        return key, None
    if not semicolon:
        return key, decode(value)
    properties = _parse_properties(rest)
    return key, None if properties is None else BaggageValue(decode(value), properties)


def _parse_properties(text: str) -> str | None:
    """Read what follows the first `;` of a member; None where it is invalid."""
    found = []
    for each in text.split(";"):
        key, equals, octets = each.partition("=")
        name, value = key.strip(" \t"), octets.strip(" \t")
        if not (name and _TOKEN.issuperset(name) and _OCTETS.issuperset(value)):
            return None
        found.append(f"{name}{equals}{value}")
    return ";".join(found)


def _properties_of(value: str) -> str:
    given = value.properties if isinstance(value, BaggageValue) else ""
    valid = _parse_properties(given) if given and "," not in given else None
    return f";{valid}" if valid else ""
