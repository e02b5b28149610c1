"""Feature flags: which groups of instrumentation are on, off, or on for a share of the traces.

Nothing is asked at a call: a site looks its share up when it is attached, and is attached anew when a flag changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, final

from telemetry._hotpath import switch
from telemetry.config import SETTINGS
from telemetry.errors import ConfigurationError

_READ: Final = next(setting.read for setting in SETTINGS if setting.name == "flags")


@final
class Flags:
    """Shares of traces by patterns of names (`fnmatch`): of spans, and of metrics that are recorded without one.

    Of the patterns that fit a name the longest counts, and of two of one length the one that was set last.

    >>> flags = Flags({"codegen.*": 0.0, "codegen.lower": 0.1})
    >>> flags.share("codegen.lower"), flags.share("codegen.emit"), flags.share("verify.run")
    (0.1, 0.0, 1.0)
    """

    __slots__ = ("_shares",)

    def __init__(self, shares: Mapping[str, float]) -> None:
        self._shares = dict(shares)

    def share(self, name: str) -> float:
        """Give the share of the traces in which a name is recorded: 1.0 where no pattern fits, 0.0 for never."""
        fitting = [pattern for pattern in self._shares if fnmatchcase(name, pattern)]
        if not fitting:
            return 1.0
        return self._shares[max(reversed(fitting), key=len)]

    def put(self, pattern: str, share: float | str | None) -> None:
        """Set one flag, or with None take it away.

        Raises:
            ConfigurationError: The pattern is no text, or the share is none that a flag may have.
        """
        if not isinstance(pattern, str):
            raise ConfigurationError(
                f"flag({pattern!r}, {share!r}): give a pattern of names as text, such as 'codegen.*'"
            )
        pattern = pattern.strip()
        shares = {name: given for name, given in self._shares.items() if name != pattern}
        if share is not None:
            shares |= _checked(pattern, share)
        self._shares = shares


def renew(recorder: Any, pattern: str) -> None:
    """Attach anew what bears a name that fits, while calls go on; nothing where another recorder is in.

    Raises:
        Exception: What the first of them raised; all are tried.
    """
    failures = []
    with switch.held():
        if switch.recorder() is not recorder:
            return
        for member in switch.members():
            if any(fnmatchcase(name, pattern.strip()) for name in getattr(member, "_telemetry_names", ())):
                try:
                    member._telemetry_attach(recorder)
                except Exception as error:  # noqa: BLE001 -- the first is raised below
                    failures.append(error)
    if failures:
        raise failures[0]


def _checked(pattern: str, share: float | str) -> dict[str, float]:
    try:
        found: Any = _READ({pattern: share})
    except ValueError as error:
        raise ConfigurationError(
            f"flag({pattern!r}, {share!r}): {error}; give 'on', 'off', a percentage such as '10%', or None for no flag"
        ) from None
    return dict(found)
