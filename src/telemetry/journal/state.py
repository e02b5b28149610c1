"""Tell what has become of the process of a journal."""

from __future__ import annotations

from typing import Literal

from .folder import Folder
from .reader import Reader

State = Literal["running", "ended", "died"]


def state_of(reader: Reader, folder: Folder) -> State:
    """Ask the kernel whether the process lives: its lock ends with it, whatever its pid has become since.

    One that has ended handed everything over in order; one that died did not.
    """
    if folder.is_held(reader.identity.key):
        return "running"
    return "ended" if reader.has_ended else "died"
