"""Lists the journals of a folder by what their names say, and opens the folder after that.

In this order: where the folder was removed and made anew in between, the files that were listed are gone. The other way
around, the locks of the old folder would be asked about processes of the new one, and all of those would be dead.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from telemetry.journal import DEAD_NAME, Folder

_SUFFIX: Final = ".journal"


def listed(path: Path) -> tuple[dict[int, Path], Folder]:
    """Give the journals by the keys in their names, in the order of the names, and the folder to ask about them.

    Of a file and a copy of it there is one. What is named otherwise is no journal of a process.

    Raises:
        OSError: The folder is not there, or cannot be read.
        JournalError: It cannot be opened.
    """
    with os.scandir(path) as entries:
        names = sorted(entry.name for entry in entries if entry.name.endswith(_SUFFIX) and entry.name != DEAD_NAME)
    keyed = ((key_of(name), name) for name in names)
    return {key: path / name for key, name in keyed if key is not None}, Folder.open(path)


def key_of(name: str) -> int | None:
    """Take the key out of the name of a journal; None where it says none that a process could have."""
    digits = name.removesuffix(_SUFFIX).rpartition("-")[2]
    try:
        key = int(digits, 16)
    except ValueError:
        return None
    return key if name.count("-") == 2 and 8 <= key < 1 << 62 and not key & 1 else None
