"""Find secrets in what was recorded: by the contracts, by names, and by the forms of credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, final

from telemetry.contracts import REDACTED, Registry, Secrecy, is_secret_name, without_credentials

from .finding import Breach

_HASH: Final = r"hmac:[0-9a-f]{16}"


@final
class Secrets:
    """Looks for secrets; what it says of one never has its value.

    Args:
        registry: The contracts, with the classes of names.
    """

    __slots__ = ("_secrecy",)

    def __init__(self, registry: Registry) -> None:
        self._secrecy = Secrecy(registry)

    def breaches(self, values: Mapping[str, object]) -> Iterator[Breach]:
        """Go through the values that should not have left the process."""
        for name, value in values.items():
            if problem := self._problem(name, value):
                yield Breach("TC630", name, f"{name!r} {problem}")

    def _problem(self, name: str, value: object) -> str:
        texts = list(_texts(value))
        if all(REDACTED in text for text in texts) and texts:
            return ""
        verdict = self._secrecy.verdict(name)
        if verdict == "drop" or (verdict == "guess" and is_secret_name(name)):
            return "is a secret, and has a value"
        if verdict == "hash" and not all(re.fullmatch(_HASH, text) for text in texts):
            return "is a secret, and its value is no hash"
        if any(without_credentials(text) != text for text in texts):
            return "has a value that looks like a credential"
        return ""


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif value is not None and not isinstance(value, bool):
        yield str(value)
