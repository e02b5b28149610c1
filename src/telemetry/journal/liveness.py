"""Tells whether the process of a journal is gone: by its lock, or by the list of processes.

A process loses its lock without dying when it closes descriptors that it does not know, as daemons do. To take it for
dead would end its journal under its hands. A pid alone says nothing, but a pid with the start of its process does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from telemetry._hotpath import extent
from telemetry.errors import JournalError

from .folder import Folder
from .memory import FileMemory

_PROCESSES: Final = Path("/proc")
_OVER: Final = (b"Z", b"X")  # proc(5): a zombie, which only waits for its parent, and one that is just going


def is_gone(folder: Folder, key: int, path: Path) -> bool:
    """Tell whether the process of a journal is dead, or has ended its recording."""
    return not folder.is_held(key) and not (_runs(path.name) and not _has_ended(path))


def _runs(name: str) -> bool:
    """Tell whether the process runs that the name of a journal says: its pid, and its start in clock ticks."""
    pid, _, rest = name.partition("-")
    started = rest.partition("-")[0]
    try:
        fields = (_PROCESSES / pid / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return pid.isdecimal() and len(fields) > 19 and fields[0] not in _OVER and fields[19] == started.encode() != b"0"


def _has_ended(path: Path) -> bool:
    try:
        with FileMemory(path, only_read=True) as memory:
            return memory.word(extent.STATE) == extent.ENDED
    except JournalError:
        return True
