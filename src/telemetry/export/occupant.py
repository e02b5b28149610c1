"""Find out who listens on a port, for an error message that says what to stop.

It reads `/proc` of Linux and nothing else; where that cannot tell, it says so in general words. `scrape` calls it
when it cannot listen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from os import getpid
from pathlib import Path

_PROC = Path("/proc")
_LISTEN = "0A"


def occupant(port: int) -> str:
    """Name the process that listens on a TCP port, such as `process 812 (prometheus)`.

    It walks the descriptors of all processes that the caller may see: some milliseconds, on an error path only.
    """
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in _processes():
        if not sockets.isdisjoint(_open_files(process)):
            return "this process" if process.name == str(getpid()) else f"process {process.name} ({_name(process)})"
    return "another process"


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("net/tcp", "net/tcp6"):
        with suppress(OSError):
            for line in (_PROC / table).read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                    yield rest[5]


def _processes() -> Iterator[Path]:
    with suppress(OSError):
        yield from (entry for entry in _PROC.iterdir() if entry.name.isdecimal())


def _open_files(process: Path) -> Iterator[str]:
    # A process may end, or be somebody else's, while it is looked at.
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())


def _name(process: Path) -> str:
    with suppress(OSError):
        return (process / "comm").read_text().strip()
    return "name unknown"
