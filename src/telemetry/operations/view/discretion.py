"""What may be shown of a value: what recorders redacted stays so, and what others wrote is searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from telemetry.contracts import REDACTED, Registry, Secrecy
from telemetry.logs import redact_text, redact_value

_HASH: Final = "hmac:"
_MOST_KEPT: Final = 50_000
_KEPT_LENGTH: Final = 200


@final
class Discretion:
    """Takes secrets out of values: by the classes of the contracts, then by names and forms.

    A value of class `secret` is shown only as the hash that its recorder made of it. Texts are cut at 16384 characters.

    Args:
        registry: The contracts.
    """

    __slots__ = ("_kept", "_secrecy")

    def __init__(self, registry: Registry) -> None:
        self._secrecy = Secrecy(registry)
        self._kept: dict[tuple[str, str], Any] = {}

    def text(self, text: str) -> str:
        """Give a text without secrets."""
        return redact_text(text)

    def values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give names and values without secrets."""
        return {redact_text(name): self.value(name, value) for name, value in values.items()}

    def value(self, name: str, value: Any) -> Any:
        """Give a value without secrets."""
        if type(value) is not str or len(value) > _KEPT_LENGTH:
            return self._shown(name, value)
        key = (name, value)
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = self._shown(name, value)
        return self._kept[key]

    def _shown(self, name: str, value: Any) -> Any:
        verdict = self._secrecy.verdict(name)
        if verdict in ("drop", "hash"):
            items = value if isinstance(value, list) else [value]
            is_hashed = all(isinstance(each, str) and each.startswith(_HASH) for each in items)
            return value if is_hashed else REDACTED
        return redact_value("" if verdict == "show" else name, value)
