"""Tell what has become of the process of a journal."""

from __future__ import annotations

from typing import Literal

from .folder import Folder
from .liveness import is_gone
from .reader import Reader

State = Literal["running", "ended", "died"]


def state_of(reader: Reader, folder: Folder) -> State:
    """Ask the kernel whether the process lives, whatever its pid has become since.

    One that has ended handed everything over in order; one that died did not.
    """
    key = reader.identity.key
    is_running = folder.is_held(key) if reader.path is None else not is_gone(folder, key, reader.path)
    if is_running:
        return "running"
    return "ended" if reader.has_ended else "died"
