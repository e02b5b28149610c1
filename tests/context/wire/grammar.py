"""The grammars of the standards, as regular expressions: a second reading of them, which shares no code with ours."""

from __future__ import annotations

import re
from urllib.parse import unquote

OWS = r"[ \t]*"

# W3C Trace Context, level 2, §3.2.2: version 00 in full, later ones as far as this one goes.
_IDS = r"(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
TRACEPARENT = rf"{OWS}(?:00-{_IDS}|(?!00|ff)[0-9a-f]{{2}}-{_IDS}(?:-.*)?){OWS}"
_TRACEPARENT = re.compile(TRACEPARENT, re.DOTALL)

# §3.3.1: empty members do not count (RFC 9110 §5.6.1.2), and each key is there once.
KEY = r"[a-z0-9][a-z0-9_\-*/@]{0,255}"
VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER = re.compile(rf"({KEY})=({VALUE})")

# W3C Baggage §3.3.1, with `token` of RFC 9110 §5.6.2.
TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
OCTETS = r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"
PROPERTY = rf"{TOKEN}{OWS}(?:={OWS}{OCTETS})?"
ENTRY = rf"{TOKEN}{OWS}={OWS}{OCTETS}(?:{OWS};{OWS}{PROPERTY})*"
_ENTRY = re.compile(rf"{OWS}({TOKEN}){OWS}={OWS}({OCTETS})((?:{OWS};{OWS}{PROPERTY})*){OWS}")


def is_traceparent(header: str) -> bool:
    """Tell whether a header names a parent."""
    return _TRACEPARENT.fullmatch(header) is not None


def tracestate(header: str) -> list[tuple[str, str]] | None:
    """Give the members of a header; None where it is invalid."""
    texts = [text for each in header.split(",") if (text := each.strip(" \t"))]
    found = [match.groups() for text in texts if (match := _MEMBER.fullmatch(text))]
    keys = {key for key, _ in found}
    return [(key, value) for key, value in found] if len(keys) == len(texts) <= 32 else None


def baggage(header: str) -> dict[str, tuple[str, str]]:
    """Give the values and properties of a header that is within the limits; invalid members are left out alone."""
    matches = (_ENTRY.fullmatch(each) for each in header.split(","))
    return {match[1]: (unquote(match[2], errors="replace"), _properties(match[3])) for match in matches if match}


def _properties(text: str) -> str:
    return re.sub(r"[ \t]+", "", text).removeprefix(";")
