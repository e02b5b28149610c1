"""What a process that has just started needs to record as this one does, in a form that pickles.

`telemetry.context.propagated` sends it along with what it carries. A forked process has no use for it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import lru_cache
from typing import final

from telemetry.config import Settings
from telemetry.context import equip

from . import process
from .plugs import Plugs


@final
class Revival:
    """Configures the process that it arrives in as the one that made it is, unless it is configured already.

    The journal, the endpoint and the run are the same ones. The scrape port stays with whoever has it: what such a
    process counts is found in the journal, by a gateway.

    >>> from copy import copy
    >>> copy(Revival(b"...")).frozen
    b'...'

    Attributes:
        frozen: Settings, plugs and run, pickled: they are read only where they are needed.
    """

    __slots__ = ("frozen",)

    _is_hopeless = False

    def __init__(self, frozen: bytes) -> None:
        self.frozen = frozen

    def __call__(self) -> None:
        """Configure, if nothing is; what goes wrong is said once, and what the user runs goes on without."""
        if process.current() is not None or Revival._is_hopeless:
            return
        try:
            import pickle

            process.revive(*pickle.loads(self.frozen))  # noqa: S301 -- it came with the pickle that holds it
        except Exception as error:  # noqa: BLE001 -- the user's function runs all the same
            Revival._is_hopeless = True
            with suppress(OSError, ValueError, AttributeError):  # stderr may be closed, or None
                sys.stderr.write(f"telemetry: nothing is recorded in this child process: {error}\n")

    def __reduce__(self) -> tuple[type[Revival], tuple[bytes]]:
        return Revival, (self.frozen,)


def make_revival() -> Revival | None:
    """Make one of the runtime of this process; None where there is none, or one that is in the memory of a test."""
    runtime = process.current()
    if runtime is None or runtime.settings.disabled or (runtime.is_isolated and not runtime.region.is_file):
        return None
    return Revival(_frozen(runtime.settings, runtime.plugs, runtime.run_id))


@lru_cache(maxsize=1)
def _frozen(settings: Settings, plugs: Plugs, run_id: str) -> bytes:
    import pickle  # only for those who send something to another process

    try:
        return pickle.dumps((settings, plugs, run_id))
    except Exception:  # noqa: BLE001 -- an object of the user's that cannot travel, and only that, stays here
        return pickle.dumps((settings, Plugs(), run_id))


equip(make_revival)
