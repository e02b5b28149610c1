"""Takes secrets out of log lines: by the classes of the contracts, then by names and forms."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, final

from telemetry._hotpath import Span
from telemetry.context import current_span
from telemetry.contracts import Mask
from telemetry.logs import redact_value, settle_line
from telemetry.tracing import seen_in

from .admissions import Admissions, redact_plainly

_OWN = frozenset(("timestamp", "severity", "trace_id", "span_id", "trace_flags"))


@final
class Discretion:
    """The processor that stands in for `redact_fields` where there are contracts.

    A field of class secret is dropped or hashed. Its value, and those of the secrets of the current span, are taken
    out of the other fields too, such as the text of an exception.
    """

    __slots__ = ("_secrecy",)

    def __init__(self, admissions: Admissions) -> None:
        self._secrecy = admissions.secrecy

    def __call__(self, _logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Take them out, and make plain data of every value."""
        mask = self._secrecy.known if self._secrecy.is_idle else self._secrecy.mask(_seen(line))
        for name in tuple(line):
            if name not in _OWN:
                self._settle(line, name, mask)
        return settle_line(line)

    def _settle(self, line: MutableMapping[str, Any], name: str, mask: Mask) -> None:
        given = name.removeprefix("extra.")
        verdict = self._secrecy.verdict(given)
        if verdict not in ("drop", "hash"):
            said = _plain("", name, mask) if verdict == "guess" else name
            value = line[name] if said == name else line.pop(name)
            line[said] = _plain(name if verdict == "guess" else "", value, mask)
        elif (shown := self._secrecy.shown(given, line.pop(name))) is not None:
            line[name] = shown


def _plain(name: str, value: Any, mask: Mask) -> Any:
    return redact_plainly(name, value, mask) if mask else redact_value(name, value)


def _seen(line: MutableMapping[str, Any]) -> dict[str, list[Any]]:
    span = current_span()
    seen = seen_in(span) if isinstance(span, Span) else {}
    for name, value in line.items():
        seen.setdefault(name.removeprefix("extra."), []).append(value)
    return seen
