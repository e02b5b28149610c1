"""What recorders ask for to keep secrets out of records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from telemetry.contracts import REDACTED, cut

Redact = Callable[[str, Any], Any]
"""Called with a name and a value; gives the value without secrets, or None for nothing."""

MESSAGE: Final = "exception.message"
STACKTRACE: Final = "exception.stacktrace"

_CUT_FROM: Final = 4096
"""The hot path keeps no more characters of a message, and may have cut inside of a secret."""


class Redaction(Protocol):
    """A `Redact` that can learn values: `runtime.Admissions` is one."""

    def __call__(self, name: str, value: Any) -> Any:
        """Give the value without secrets, or None for nothing."""

    def beside(self, values: Mapping[str, Any]) -> Redact:
        """Give what also takes the secrets among these values out of every text."""


def shown_message(redact: Redact, message: Any) -> str:
    """Give what may leave the process of the text of an exception, without the last word of one that was cut."""
    shown = redact(MESSAGE, message)
    if shown is None:
        return REDACTED
    return cut(shown, len(shown)) if len(message) >= _CUT_FROM else str(shown)


def shown_details(redact: Redact, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give what may leave the process of the attributes of an event or link.

    The message of an exception also stands in its stack trace, where what has been taken out must not be found again.
    """
    details = dict(given)
    message = details.get(MESSAGE)
    if isinstance(message, str) and message:
        details[MESSAGE] = shown = shown_message(redact, message)
        if isinstance(trace := details.get(STACKTRACE), str):
            details[STACKTRACE] = trace.replace(message, shown)
    kept = {name: redact(name, value) for name, value in details.items()}
    return {name: value for name, value in kept.items() if value is not None or details[name] is None}
