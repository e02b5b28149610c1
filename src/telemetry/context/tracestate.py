"""The `tracestate` header of W3C Trace Context, level 2 (§3.3): what other vendors say of a trace."""

from __future__ import annotations

_MEMBERS_LIMIT = 32
_KEY_LIMIT = _VALUE_LIMIT = 256
_HEADER_LIMIT = _MEMBERS_LIMIT * (_KEY_LIMIT + _VALUE_LIMIT + 2)
_SENT_LIMIT = 512
"""Characters that every participant passes on; who adds to a longer list may take others out (§3.3.1.5)."""
_LARGE = 128
"""Characters from which on a member is the first to be taken out (§3.3.1.5)."""
_DIGITS_AND_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_KEY = _DIGITS_AND_LETTERS + "_-*/@"
_VALUE = "".join(character for character in map(chr, range(0x20, 0x7F)) if character not in ",=")


def parse_tracestate(header: str) -> str:
    """Read a header into the one that is sent on; empty when any of it is invalid (§3.3.1.5).

    White space around members and empty members, which are allowed in what comes, are left out of what goes. A header
    that is longer than 32 members of the largest size is not looked at.
    """
    if len(header) > _HEADER_LIMIT:
        return ""
    members = [member for each in header.split(",") if (member := each.strip(" \t"))]
    if len(members) > _MEMBERS_LIMIT:
        return ""
    keys = set()
    for each in members:
        if not _is_valid(each):
            return ""
        keys.add(each[: each.index("=")])
    return ",".join(members) if len(keys) == len(members) else ""


def member(state: str, key: str) -> str:
    """Give the value of a key; empty where there is none.

    >>> member("ot=th:8,vendor=1", "ot")
    'th:8'
    """
    prefix = f"{key}="
    return next((each.removeprefix(prefix) for each in state.split(",") if each.startswith(prefix)), "")


def with_member(state: str, key: str, value: str) -> str:
    """Put a member in front of a valid list, in place of an older one of its key (§3.5).

    The list keeps to 32 members and 512 characters: members of more than 128 characters go first, then the last ones.
    What would be no valid member changes nothing.

    >>> with_member("vendor=1,ot=th:8", "ot", "th:c")
    'ot=th:c,vendor=1'
    """
    added = f"{key}={value}"
    if not _is_valid(added):
        return state
    others = [each for each in state.split(",") if each and not each.startswith(f"{key}=")]
    return ",".join([added, *_fitting(others[: _MEMBERS_LIMIT - 1], _SENT_LIMIT - len(added))])


def _fitting(members: list[str], room: int) -> list[str]:
    """Leave out whole members until the rest fits, each with a comma before it."""
    while sum(map(len, members)) + len(members) > room and members:
        large = [number for number, each in enumerate(members) if len(each) > _LARGE]
        del members[large[-1] if large else -1]
    return members


def _is_valid(text: str) -> bool:
    key, equals, value = text.partition("=")
    return (
        bool(equals)
        and 0 < len(key) <= _KEY_LIMIT
        and key[0] in _DIGITS_AND_LETTERS
        and not key.strip(_KEY)
        and 0 < len(value) <= _VALUE_LIMIT
        and value[-1] != " "
        and not value.strip(_VALUE)
    )
