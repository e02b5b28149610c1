"""Who may talk to a receiver: named tokens, each with a role, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, final

from telemetry.errors import ConfigurationError

_SHORTEST: Final = 16
_FORM: Final = "write each line as: NAME ROLE TOKEN"


@final
class Role(IntEnum):
    """What a token is good for; an operator may do what a reader may."""

    ANYBODY = 0
    WEBHOOK = 1
    READER = 2
    OPERATOR = 3


@final
@dataclass(frozen=True, slots=True)
class Person:
    """Who a request is from."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Tell whether the role is enough; delivering alerts is for `webhook` and operators alone."""
        if role is Role.WEBHOOK:
            return self.role in (Role.WEBHOOK, Role.OPERATOR)
        return self.role >= role


NOBODY: Final = Person("nobody", Role.ANYBODY)
LOCAL: Final = Person("local", Role.OPERATOR)
"""Who everybody is on a receiver without tokens."""


@final
class Tokens:
    """The tokens of a receiver."""

    __slots__ = ("_people",)

    def __init__(self, people: dict[str, Person]) -> None:
        self._people = people

    def who(self, token: str) -> tuple[Person, str]:
        """Give whose token it is, and its hash; `NOBODY` for none. The time tells nothing of the tokens."""
        shown = _hash(token)
        return self.of_hash(shown), shown

    def of_hash(self, shown: str) -> Person:
        """Give whose token has this hash; `NOBODY` once it is taken out of the list."""
        found = NOBODY
        for known, person in self._people.items():
            if hmac.compare_digest(known, shown):
                found = person
        return found


def read_tokens(text: str, source: str) -> Tokens:
    """Read tokens, a line each: a name, a role (`webhook`, `reader` or `operator`), the token.

    Blank lines and those that begin with `#` are left out.

    Raises:
        ConfigurationError: A line has another form, a token is short, or one is there twice.
    """
    people: dict[str, Person] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        where = f"{source}, line {number}"
        if len(words) != 3:
            raise ConfigurationError(f"{where}: {_FORM}")
        name, role, token = words
        if role.upper() not in Role.__members__ or role.lower() == "anybody":
            raise ConfigurationError(f"{where}: there is no role {role!r}; take webhook, reader or operator")
        if len(token) < _SHORTEST or not token.isascii() or not token.isprintable():
            raise ConfigurationError(f"{where}: a token needs at least {_SHORTEST} printable ASCII characters")
        if _hash(token) in people:
            raise ConfigurationError(f"{where}: this token is there twice; give each name its own")
        people[_hash(token)] = Person(name, Role[role.upper()])
    if not people:
        raise ConfigurationError(f"{source}: there is no token in it; {_FORM}")
    return Tokens(people)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
