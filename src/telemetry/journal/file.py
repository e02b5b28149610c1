"""The journal of this process: its region, in a file that outlives it."""

from __future__ import annotations

import os
from contextlib import suppress
from mmap import MAP_SHARED, mmap
from typing import TYPE_CHECKING, Final, final

from telemetry._hotpath import TWIN, Region, extent
from telemetry.errors import JournalError

from .folder import SUFFIX, Folder

if TYPE_CHECKING:
    from pathlib import Path

_LEAST_KEY: Final = 8
_KEY_BITS: Final = 61
_ORDERED_MACHINES: Final = ("x86_64", "i686", "AMD64")
_BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"


@final
class JournalFile(Region):
    """A region that others can read while the process runs, and after it has died.

    Every piece of the file has room on the disk before it is touched (`posix_fallocate`): to write into a hole of a
    mapped file on a full disk is a SIGBUS (mmap(2)). In a forked child it is another file.

    Args:
        folder: Where the file is made.
        ring_bytes: The bound of what waits to be shipped.
        pages_bytes: The bound of the metrics that stand in it.
        undecided_bytes: The bound of the spans that wait for a verdict on their trace.

    Raises:
        JournalError: The file cannot be made, for want of room or rights.
    """

    def __init__(
        self,
        folder: Folder,
        ring_bytes: int,
        pages_bytes: int = Region.pages_bytes,
        undecided_bytes: int = Region.undecided_bytes,
    ) -> None:
        self.folder = folder
        self._place: str | None = None
        self.key = self._parent_key = 0
        self._file: _File = _NoFile
        if TWIN == "pure":
            _check_pure(folder)
        try:
            self._create()
            super().__init__(ring_bytes, pages_bytes, undecided_bytes)
        except OSError as error:
            self.remove()
            raise JournalError(folder.place, f"no journal can be made: {error.strerror or error}") from error

    @property
    def path(self) -> Path | None:
        """The file; None in a child for which none could be made."""
        from pathlib import Path

        return None if self._place is None else Path(self._place)

    @property
    def is_file(self) -> bool:  # type: ignore[override]
        """Whether others can read it: there is a file, and nobody has removed it."""
        return self._file.is_linked()

    @property
    def is_removed(self) -> bool:
        """Whether there was a file, and somebody has removed it."""
        return self._place is not None and self._file.is_removed(self._place)

    def renounce(self) -> None:
        """Let go of the parent's file, which a forked child must not write to."""
        self._parent_key = self.key
        self._let_go()

    def _let_go(self) -> None:
        self.key, self._place = 0, None
        self._file.close()
        self._file = _NoFile

    def close(self) -> None:
        """Let others know that no more comes."""
        self.words[extent.STATE] = extent.ENDED
        self.folder.release(self.key)

    def remove(self) -> None:
        """Remove the file: there is nothing in it that anybody needs."""
        if self._place is not None:
            with suppress(OSError):  # a process that has become another user's may not any more
                os.unlink(self._place)
        self.folder.release(self.key)

    def _create(self) -> None:
        self.key = _fresh_key()
        self.folder.hold(self.key)  # before there is a file: nobody may take it for a dead process's
        name = f"{os.getpid()}-{_started_ticks()}-{self.key:x}{SUFFIX}"
        self._place = os.path.join(self.folder.place, name)
        self._file = _File(self._place)

    def _map(self) -> mmap:
        os.ftruncate(self._file.descriptor, self.size)
        return mmap(self._file.descriptor, self.size, MAP_SHARED)

    def _refresh(self) -> None:
        has_file = self.words[extent.STATE] != extent.ENDED and self._is_made_anew(self._used())
        if not has_file or not self._put_over(self._file.descriptor):
            self.remove()
            self._let_go()  # the child goes on without a file, in memory of its own
            self._put_over(-1)

    def _used(self) -> list[tuple[int, int]]:
        """Give what a child needs room for: places and sizes."""
        words = self.words
        return [
            (0, words[extent.NOTES_AT]),
            (words[extent.NOTES_AT], words[extent.NOTES_USED]),
            (words[extent.PAGES_AT], words[extent.PAGES_USED]),
            (words[extent.RING_AT], extent.LEAST_SEGMENTS * words[extent.SEGMENT_BYTES_WORD]),
        ]

    def _is_made_anew(self, used: list[tuple[int, int]]) -> bool:
        try:
            self._create()
            os.ftruncate(self._file.descriptor, self.size)
        except OSError:
            return False
        return all(self._file.reserve(at, size) for at, size in used if size)

    def _grow(self, at: int, size: int) -> bool:
        return self._file is _NoFile or self._file.reserve(at, size)

    def _identify(self) -> None:
        boot = _boot_id()
        words = self.words
        words[extent.PROCESS_STARTED] = _started_ticks()
        words[extent.BOOT_HIGH], words[extent.BOOT_LOW] = boot >> 64, boot & (1 << 64) - 1
        words[extent.KEY], words[extent.PARENT_KEY] = self.key, self._parent_key


class _File:
    """A file that is ours as long as its descriptor is: an application may close all that it does not know."""

    descriptor = -1
    _identity: tuple[int, int] | None = None

    def __init__(self, path: str) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        self.descriptor = os.open(path, flags, 0o600)
        self._identity = _identity(self.descriptor)

    def __del__(self) -> None:
        self.close()

    def is_linked(self) -> bool:
        return self._is_ours() and os.fstat(self.descriptor).st_nlink > 0

    def is_removed(self, path: str) -> bool:
        if self._is_ours():
            return os.fstat(self.descriptor).st_nlink == 0
        return not os.path.lexists(path)

    def reserve(self, at: int, size: int) -> bool:
        if not self._is_ours():
            return False
        try:
            os.posix_fallocate(self.descriptor, at, size)
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self._is_ours():
            os.close(self.descriptor)
        self._identity = None

    def _is_ours(self) -> bool:
        return self._identity is not None and _identity(self.descriptor) == self._identity


class _Nothing(_File):
    """No file."""

    def __init__(self) -> None:
        pass  # and no descriptor


_NoFile = _Nothing()


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _check_pure(folder: Folder) -> None:
    if os.uname().machine not in _ORDERED_MACHINES:
        raise JournalError(folder.place, "the pure twin keeps the order of writes on x86 only; build the other")
    try:
        import ctypes  # noqa: F401 -- a forked child needs it at once, and may have lost sight of the files of Python
    except ImportError as error:
        raise JournalError(folder.place, f"the pure twin needs ctypes ({error}); build the other") from error


def _fresh_key() -> int:
    return (int.from_bytes(os.urandom(8), "little") % (1 << _KEY_BITS) & ~1) + _LEAST_KEY


def _started_ticks() -> int:
    """Give when this process began, in clock ticks since boot (proc(5), `/proc/pid/stat`); 0 where that is hidden."""
    try:
        with open("/proc/self/stat", "rb") as file:
            text = file.read()
        return int(text.rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _boot_id() -> int:
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return int(file.read().replace("-", ""), 16)
    except (OSError, ValueError):
        return 0
