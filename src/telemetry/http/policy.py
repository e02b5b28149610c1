"""The policy of a server for the traces that requests bring: continue, link, or refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final, get_args

from telemetry._hotpath import switch
from telemetry.config import Incoming
from telemetry.errors import ConfigurationError

from .quiet import complain

MODES: tuple[Incoming, ...] = get_args(Incoming)


@final
class Policy:
    """Says which mode holds for a request.

    Args:
        incoming: The mode for all; None for the setting `incoming`.
        trusts: Gives the mode for one request, or None for that of all.

    Raises:
        ConfigurationError: There is no such mode.
    """

    __slots__ = ("_incoming", "_trusts")

    def __init__(self, incoming: Incoming | None, trusts: Callable[[Any], Incoming | None] | None) -> None:
        if incoming is not None and incoming not in MODES:
            raise ConfigurationError(f"incoming={incoming!r} is no mode; write {', '.join(MODES)}, or None")
        self._incoming = incoming
        self._trusts = trusts

    def mode(self, request: Any) -> Incoming:
        """Give the mode for a request, given as its scope or environ; who cannot be judged is refused."""
        try:
            judged = self._trusts(request) if self._trusts is not None else None
        except Exception as error:  # noqa: BLE001 -- the user's code
            complain(f"trusts() raised {type(error).__name__}: the request's trace context is refused")
            return "refuse"
        if judged is None:
            return self._incoming or self._default()
        if judged in MODES:
            return judged
        complain(f"trusts() gave {judged!r}, not one of {', '.join(MODES)}: the request's trace context is refused")
        return "refuse"

    @staticmethod
    def _default() -> Incoming:
        recorder = switch.recorder()
        mode: Incoming = recorder.settings.incoming if recorder is not None else "refuse"
        return mode
