"""The folder that the journals of one service are in, and who holds what in it.

A process holds a byte of the folder's lock file while it lives, so that others can tell a dead one by the kernel's
word, whatever its pid has become since. The locks are POSIX record locks (fcntl(2), "Advisory record locking"): they
are not inherited by a fork, and all of a process's locks on a file are gone when it closes any descriptor of it. So
there is one descriptor for a folder in a process, and nobody closes it.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Final, Self, final

from telemetry.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

FOLDING, GATEWAY = 0, 1
"""Keys of the folder itself: who adds the dead together, and who serves all."""

DEAD_NAME: Final = "dead.journal"
LOCK_NAME: Final = "lock"
_LOCK_FLAGS: Final = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
SUFFIX: Final = ".journal"

_FLOCK: Final = struct.Struct("hhqqi4x")  # l_type, l_whence, l_start, l_len, l_pid of 64-bit Linux


@final
class Folder:
    """A folder of journals; `open` gives one.

    Attributes:
        place: Where it is, as text: a `Path` takes 5 ms and 0.6 MB to load.
    """

    __slots__ = ("_lock", "place")

    def __init__(self, place: str, lock: _LockFile) -> None:
        self.place = place
        self._lock = lock

    @property
    def path(self) -> Path:
        """Where it is."""
        from pathlib import Path

        return Path(self.place)

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a folder, and make it where it is not there, for nobody else to read.

        Raises:
            JournalError: It cannot be made, it is not ours, others may write to it, or locks do not work there.
        """
        place = _plain(os.fspath(path))
        try:
            os.makedirs(place, mode=0o700, exist_ok=True)
            _check(place)
            return cls(place, _lock_file(place))
        except OSError as error:
            if isinstance(error, JournalError):
                raise
            raise JournalError(place, f"no journal can be kept there: {error.strerror or error}") from error
        except ValueError as error:  # a zero byte, or half of a character
            raise JournalError(ascii(place), f"it is no path: {error}") from error

    @staticmethod
    def refusal(status: os.stat_result) -> str:
        """Say why what has this status (lstat(2)) is no folder for journals; empty where it is one."""
        if not stat.S_ISDIR(status.st_mode):
            return "it is no folder, or a link to one; name the folder itself"
        if status.st_uid not in (os.geteuid(), 0):
            return f"it belongs to user {status.st_uid}; name a folder of your own"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return "others may write to it; chmod go-w, or name another folder"
        return ""

    def hold(self, key: int) -> bool:
        """Take a key until `release` or the end of the process; tell whether nobody else has it."""
        return self._lock.hold(key)

    def release(self, key: int) -> None:
        """Give a key back."""
        self._lock.release(key)

    def is_held(self, key: int) -> bool:
        """Tell whether a process that lives has the key, this one included."""
        return self._lock.is_held(key)

    def journals(self) -> list[Path]:
        """Give the journals that are there now, in the order of their names; none where the folder is gone."""
        path = self.path
        return [path / name for name in self.names()]

    def names(self) -> list[str]:
        """Give the same as the names of their files."""
        try:
            return sorted(name for name in os.listdir(self.place) if name.endswith(SUFFIX))
        except OSError:
            return []


class _LockFile:
    """The one descriptor that this process has of a lock file."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._identity = _identity(descriptor)
        self._restart()

    def _restart(self) -> None:
        self._pid = os.getpid()
        self._held: set[int] = set()
        self._lock = RLock()

    def hold(self, key: int) -> bool:
        with self._own():
            if key in self._held:
                return False
            if self._take(key):
                self._held.add(key)
            return key in self._held

    def release(self, key: int) -> None:
        with self._own():
            if key in self._held:
                self._held.discard(key)
                with suppress(OSError):
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, key)

    def is_held(self, key: int) -> bool:
        with self._own():
            if key in self._held:
                return True
            asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, key, 1, 0)
            try:
                kind: int = _FLOCK.unpack(fcntl.fcntl(self._descriptor, fcntl.F_GETLK, asked))[0]
            except OSError:
                return False
            return kind != fcntl.F_UNLCK

    def _take(self, key: int) -> bool:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, key)
        except OSError:
            return False
        return True

    def _own(self) -> RLock:
        if self._pid != os.getpid():  # a forked child holds nothing of what its parent does
            self._restart()
        if _identity(self._descriptor) != self._identity:  # a daemon closes all descriptors that it does not know
            self._open_again()
        return self._lock

    def _open_again(self) -> None:
        """Take everything anew that was held; where the file is another one now, or none, nothing can be held."""
        with suppress(OSError):
            descriptor = os.open(self._path, _LOCK_FLAGS, 0o600)
            if _identity(descriptor) != self._identity:
                os.close(descriptor)
                return
            self._descriptor = descriptor
            for key in self._held:
                self._take(key)


_open: dict[tuple[int, int], _LockFile] = {}
_opening = RLock()


def _lock_file(folder: str) -> _LockFile:
    path = os.path.join(folder, LOCK_NAME)
    with _opening:
        try:  # to open it once more and close it would let go of every lock in it
            status = os.lstat(path)
            known = _open.get((status.st_dev, status.st_ino))
        except FileNotFoundError:
            known = None
        if known is not None:
            return known
        descriptor = os.open(path, _LOCK_FLAGS | os.O_CREAT, 0o600)
        status = os.fstat(descriptor)
        return _open.setdefault((status.st_dev, status.st_ino), _LockFile(path, descriptor))


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _plain(place: str) -> str:
    """Leave out what says nothing, as a `Path` does: with a slash behind it, lstat(2) goes where a link leads."""
    root = "/" if place.startswith("/") else ""
    return root + "/".join(part for part in place.split("/") if part not in ("", ".")) or "."


def _check(place: str) -> None:
    problem = Folder.refusal(os.lstat(place))
    if problem:
        raise JournalError(place, problem)
