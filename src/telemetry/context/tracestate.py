"""The `tracestate` header of W3C Trace Context, level 2 (§3.3): what other vendors say of a trace."""

from __future__ import annotations

_MEMBERS_LIMIT = 32
_KEY_LIMIT = _VALUE_LIMIT = 256
_HEADER_LIMIT = _MEMBERS_LIMIT * (_KEY_LIMIT + _VALUE_LIMIT + 2)
_DIGITS_AND_LETTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
_KEY = _DIGITS_AND_LETTERS | frozenset("_-*/@")


def parse_tracestate(header: str) -> str:
    """Read a header into the one that is sent on; empty when any of it is invalid (§3.3.1.5).

    White space around members and empty members, which are allowed in what comes, are left out of what goes. A header
    that is longer than 32 members of the largest size is not looked at.
    """
    if len(header) > _HEADER_LIMIT:
        return ""
    members = [member for each in header.split(",") if (member := each.strip(" \t"))]
    keys = {member.partition("=")[0] for member in members}
    if len(members) > _MEMBERS_LIMIT or len(keys) < len(members) or not all(map(_is_valid, members)):
        return ""
    return ",".join(members)


def _is_valid(member: str) -> bool:
    key, equals, value = member.partition("=")
    return (
        bool(equals)
        and 0 < len(key) <= _KEY_LIMIT
        and key[0] in _DIGITS_AND_LETTERS
        and _KEY.issuperset(key)
        and 0 < len(value) <= _VALUE_LIMIT
        and all(" " <= letter <= "~" and letter not in ",=" for letter in value)
    )
