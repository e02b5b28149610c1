"""What becomes of values by the classes of the contracts: a secret is left out, or shown as a hash.

It knows names and values only. Who records asks it before anything else looks at a value.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, Literal, final

from .attribute import AttributeContract, allowing
from .credentials import REDACTED, is_secret_name
from .registry import Registry

Verdict = Literal["drop", "hash", "show", "guess"]
"""What becomes of a value: `show` where the contracts say that it is no secret, `guess` where they say nothing."""

_HASH_DIGITS: Final = 16
_KEY_BYTES: Final = 32
_SHORTEST_MASKED: Final = 4
# What is looked for everywhere and not in one span only must not be an ordinary word.
_SHORTEST_LEARNT: Final = 8
_MOST_LEARNT: Final = 128
_LONGEST_LEARNT: Final = 8192
_CUT_FROM: Final = 4096


@final
class Mask:
    """Takes known values out of texts, longest first.

    >>> Mask(["s3cr3t"])("login with s3cr3t failed")
    'login with [redacted] failed'
    """

    __slots__ = ("_values",)

    def __init__(self, values: Iterable[str]) -> None:
        forms = dict.fromkeys(form for value in values for form in (value, repr(value)[1:-1]))
        long_enough = [form for form in forms if len(form) >= _SHORTEST_MASKED and form != REDACTED]
        self._values = sorted(long_enough, key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._values)

    def __call__(self, text: str) -> str:
        """Give the text without them; one that is so long that it may have been cut may end inside of one."""
        whole = text
        for value in self._values:
            text = text.replace(value, REDACTED)
        return text if len(whole) < _CUT_FROM else self._without_end(text)

    def _without_end(self, text: str) -> str:
        for value in self._values:
            for length in range(len(value) - 1, _SHORTEST_MASKED - 1, -1):
                if text.endswith(value[:length]):
                    return text[:-length] + REDACTED
        return text


@final
class Secrecy:
    """The classes of all attributes and fields of a registry, by name.

    Args:
        registry: The contracts.
        key: Of the hashes. Values can be joined between processes that have the same one; by default each process
            makes its own, and a forked child keeps its parent's.

    >>> from telemetry.contracts import AttributeContract
    >>> account = AttributeContract("account", "string", "Whose.", sensitivity="secret", treatment="hash")
    >>> Secrecy(Registry(fields={"account": account}), b"key").shown("account", "ada")
    'hmac:708a727d2475357e'

    Attributes:
        is_idle: Whether the contracts call nothing a secret.
        known: Takes the last 128 declared secrets that were seen out of texts.
    """

    __slots__ = ("_exact", "_families", "_key", "_learnt", "is_idle", "known")

    def __init__(self, registry: Registry, key: bytes = b"") -> None:
        known = {contract.name: contract for contract in _contracts(registry)}
        secret = [contract for contract in known.values() if contract.sensitivity == "secret"]
        self._exact = {name: contract for name, contract in known.items() if not contract.is_family}
        has_families = any(contract.is_family for contract in secret)
        self._families = {name: each for name, each in known.items() if each.is_family} if has_families else {}
        self._key = key or os.urandom(_KEY_BYTES)
        self.is_idle = not secret
        self._learnt: dict[str, None] = {}
        self.known = Mask(())

    def verdict(self, name: str) -> Verdict:
        """Say what becomes of the values of an attribute or field."""
        contract = self._exact.get(name)
        if contract is None:
            contract = allowing(name, self._families, {}) if self._families else None
            if contract is None or contract.sensitivity != "secret":
                return "guess"
        return contract.treatment if contract.sensitivity == "secret" else "show"

    def shown(self, name: str, value: object) -> Any:
        """Give what stands for the value of a secret: a hash, one for each item of a list, or None for nothing."""
        return None if self.verdict(name) != "hash" else self._hashed(value)

    def mask(self, values: Mapping[str, object]) -> Mask:
        """Make what takes these secrets out of texts, and all that are known; those that are none are left out."""
        own: list[str] = []
        for name, value in values.items():
            if self.is_secret(name):
                own += _texts(value)
                if self.verdict(name) != "guess":
                    self.learn(value)
        return Mask((*own, *self._learnt)) if own else self.known

    def learn(self, value: object) -> None:
        """Remember the value of a declared secret, to find it in the texts of others, such as an exception's.

        What only a name says to be a secret may be an ordinary word, which must not be missing everywhere else.
        """
        for text in _texts(value):
            if _SHORTEST_LEARNT <= len(text) <= _LONGEST_LEARNT and text not in self._learnt:
                # Another thread reads the tables meanwhile, so they are replaced and never changed.
                kept = dict.fromkeys([*self._learnt][1 - _MOST_LEARNT :])
                self._learnt = {**kept, text: None}
                self.known = Mask(self._learnt)

    def is_secret(self, name: str) -> bool:
        """Say whether the contracts, or else its name, call it a secret."""
        verdict = self.verdict(name)
        return verdict in ("drop", "hash") or (verdict == "guess" and is_secret_name(name))

    def _hashed(self, value: object) -> Any:
        if value is None:
            return None
        if isinstance(value, list | tuple):
            return tuple(self._hashed(item) for item in value)
        # 3 ms to import, and most registries hash nothing.
        from hmac import digest

        try:
            content = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        except Exception:  # noqa: BLE001 -- `__str__` is the user's code; what cannot be read is not shown
            return None
        return f"hmac:{digest(self._key, content, 'sha256').hex()[:_HASH_DIGITS]}"


def _contracts(registry: Registry) -> Iterator[AttributeContract]:
    own = [span.attributes for span in registry.spans.values()] + [event.fields for event in registry.events.values()]
    return chain.from_iterable(table.values() for table in (*own, registry.attributes, registry.fields))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
