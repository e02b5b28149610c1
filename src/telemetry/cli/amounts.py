"""Say amounts as people read them: counts with their noun, ages, moments, and room on a disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import localtime, strftime, time_ns
from typing import Final

_SECOND: Final = 1_000_000_000
_LAST_NS: Final = (1 << 64) - 1


def counted(number: int, noun: str, plural: str = "") -> str:
    """Give a number with its noun: `1 span`, `2 spans`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def age_seconds(since_ns: int) -> int:
    """Give how long ago something was, in whole seconds; 0 for what is still to come."""
    return max(time_ns() - since_ns, 0) // _SECOND


def age(seconds: int) -> str:
    """Say a time span in the largest unit that there are two of."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def moment(at_ns: int) -> str:
    """Say when something was: in local time, and how long ago; a damaged journal may say any time."""
    local = strftime("%Y-%m-%d %H:%M:%S", localtime(min(at_ns, _LAST_NS) // _SECOND))
    return f"{local}, {age(age_seconds(at_ns))} ago"


def bytes_on_disk(paths: Iterable[Path]) -> int:
    """Add up the room that files take; one that has been removed meanwhile takes none."""
    return sum(map(_bytes_on_disk, paths))


def kibibytes(size: int) -> str:
    """Say a size in KiB."""
    return f"{size / 1024:.0f} KiB"


def _bytes_on_disk(path: Path) -> int:
    try:
        return path.stat().st_blocks * 512
    except OSError:
        return 0
