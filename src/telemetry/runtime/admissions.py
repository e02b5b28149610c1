"""Takes secrets out of what is recorded: by the classes of the contracts, then by names and forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

from telemetry.config import Settings
from telemetry.contracts import Mask, Registry, Secrecy
from telemetry.errors import ConfigurationError
from telemetry.logs import redact_value


def hash_key(settings: Settings) -> bytes:
    """Read the key that secrets are hashed with; empty where none is set.

    Raises:
        ConfigurationError: The file cannot be read, or is empty.
    """
    if settings.hash_key_file is None:
        return b""
    try:
        with open(settings.hash_key_file, "rb") as file:
            key = file.read().strip()
    except OSError as error:
        raise ConfigurationError(f"hash_key_file {settings.hash_key_file}: {error.strerror}; name a file") from None
    if not key:
        raise ConfigurationError(f"hash_key_file {settings.hash_key_file} is empty; put random bytes into it")
    return key


@final
class Admissions:
    """What recorders pass values through; it counts them, for new values cost far more than those that are known.

    Two threads at once may count one of them for two, which an estimate can bear.

    >>> admissions = Admissions()
    >>> admissions("backend.name", "c-gcc"), admissions.count
    ('c-gcc', 1)

    Attributes:
        secrecy: The classes of the contracts.
        count: How many values there were.
    """

    __slots__ = ("count", "secrecy")

    def __init__(self, secrecy: Secrecy | None = None) -> None:
        self.secrecy = secrecy or Secrecy(Registry())
        self.count = 0

    def __call__(self, name: str, value: Any) -> Any:
        """Give the value without secrets; None for a secret of which nothing is left."""
        self.count += 1
        secrecy = self.secrecy
        verdict = secrecy.verdict(name)
        if verdict in ("drop", "hash"):
            secrecy.learn(value)
            return secrecy.shown(name, value)
        name = name if verdict == "guess" else ""
        return redact_plainly(name, value, secrecy.known) if secrecy.known else redact_value(name, value)

    def beside(self, values: Mapping[str, Any]) -> Callable[[str, Any], Any]:
        """Give what also takes the secrets among these values out of every text."""
        mask = self.secrecy.mask(values)
        if mask is self.secrecy.known:
            return self

        def redact(name: str, value: Any) -> Any:
            return self(name, value if self.secrecy.is_secret(name) else masked(mask, value))

        return redact


def redact_plainly(name: str, value: Any, mask: Mask) -> Any:
    """Give a value without known secrets and without what looks like one, as plain data."""
    # What is an object becomes text on the way, and that text is looked through as well.
    return masked(mask, redact_value(name, masked(mask, value)))


def masked(mask: Mask, value: Any) -> Any:
    """Give text, and plain data of it, without known values; what holds no text stays."""
    kind = type(value)
    if kind is str:
        return mask(value)
    if kind is tuple or kind is list:
        return kind(masked(mask, item) for item in value)
    return {masked(mask, name): masked(mask, item) for name, item in value.items()} if kind is dict else value
