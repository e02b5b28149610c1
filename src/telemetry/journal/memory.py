"""Where a journal is read: a file of another process, or the memory of this one.

A file is read with `pread` and never mapped: one that somebody cuts short would end a process that maps it by SIGBUS
(mmap(2)). `reader` reads through it, shippers write their own words through it, nobody else writes.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, Final, Protocol, Self, final

from telemetry._hotpath import extent
from telemetry.errors import JournalError

_FLAGS: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""Without `O_NONBLOCK`, opening a pipe that somebody put there would wait for its other end."""
_CLOSED: Final = -1


class Memory(Protocol):
    """The bytes of one journal, as far as they are there."""

    @property
    def size(self) -> int:
        """The bytes that are there now."""

    def read(self, at: int, size: int) -> bytes:
        """Copy bytes; fewer where the journal ends before."""

    def view(self, at: int, size: int) -> bytes | memoryview:
        """Give bytes without a copy where that can be; they may change meanwhile."""

    def word(self, index: int) -> int:
        """Give a word of the header; 0 beyond the end."""

    def put(self, index: int, *values: int) -> None:
        """Set a shipper's word, or several from there on at once.

        Raises:
            OSError: It cannot be written here.
        """

    def close(self) -> None:
        """Let go of it."""


@final
class FileMemory:
    """A journal in a file, through one descriptor; it never raises while reading, whatever becomes of the file.

    Args:
        path: The file.
        only_read: Do not ask for the right to write, as one who only looks.

    Raises:
        JournalError: It cannot be opened, is no plain file, or belongs to somebody else.
    """

    __slots__ = ("_descriptor", "_may_write", "path")

    def __init__(self, path: Path | str, *, only_read: bool = False) -> None:
        self._descriptor = _CLOSED
        self.path = Path(path)
        self._descriptor, self._may_write = _opened(self.path, only_read=only_read)
        problem = _problem(os.fstat(self._descriptor))
        if problem:
            self.close()
            raise JournalError(str(path), problem)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    @property
    def size(self) -> int:
        """The length of the file; 0 once it is closed."""
        try:
            return os.fstat(self._descriptor).st_size
        except OSError:
            return 0

    @property
    def bytes_on_disk(self) -> int:
        """The room that the file takes, which is less than its length: it is sparse."""
        try:
            return (
                os.fstat(self._descriptor).st_blocks * 512
            )  # POSIX leaves the unit open; on Linux it is 512 (stat(2))
        except OSError:
            return 0

    @property
    def modified_ns(self) -> int:
        """When it was last written to, since the epoch, as far as the kernel knows; 0 once it is closed."""
        try:
            return os.fstat(self._descriptor).st_mtime_ns
        except OSError:
            return 0

    def read(self, at: int, size: int) -> bytes:
        """Copy bytes; fewer where the file ends before, or cannot be read."""
        parts = []
        while size > 0:
            try:
                part = os.pread(self._descriptor, size, at)
            except (OSError, OverflowError):
                break
            if not part:
                break
            parts.append(part)
            at += len(part)
            size -= len(part)
        return b"".join(parts)

    view = read

    def word(self, index: int) -> int:
        """Give a word of the header; 0 beyond the end."""
        found = self.read(index * extent.WORD, extent.WORD)
        return int.from_bytes(found, "little") if len(found) == extent.WORD else 0

    def put(self, index: int, *values: int) -> None:
        """Set a shipper's word, or several from there on at once.

        Raises:
            OSError: The file may not be written, or the disk does not take it.
        """
        if not self._may_write:
            raise OSError(errno.EROFS, "the journal was opened for reading only", str(self.path))
        os.pwrite(self._descriptor, _packed(values), index * extent.WORD)

    def close(self) -> None:
        """Close the file; what is read afterwards is empty."""
        descriptor, self._descriptor = self._descriptor, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)


@final
class OwnMemory:
    """The journal of this process, through its own mapping; `region` has `memory` and `words`."""

    __slots__ = ("_region",)

    def __init__(self, region: Any) -> None:
        self._region = region

    @property
    def size(self) -> int:
        """The length of the mapping."""
        return len(self._region.memory)

    def read(self, at: int, size: int) -> bytes:
        """Copy bytes; zeros where nothing was written, and fewer where the mapping ends before."""
        return bytes(self.view(at, size))

    def view(self, at: int, size: int) -> bytes | memoryview:
        """Give the bytes where they are; zeros for a hole, which must not be touched."""
        if not self._region.is_allotted(at, size):
            return bytes(max(0, min(size, self.size - at)))
        return memoryview(self._region.memory)[at : at + size]

    def word(self, index: int) -> int:
        """Give a word of the header; 0 beyond the end."""
        words = self._region.words
        return int(words[index]) if index < len(words) else 0

    def put(self, index: int, *values: int) -> None:
        """Set a shipper's word, or several from there on at once."""
        written = _packed(values)
        self._region.memory[index * extent.WORD : index * extent.WORD + len(written)] = written

    def close(self) -> None:
        """Do nothing: the mapping is its owner's."""


def _packed(values: tuple[int, ...]) -> bytes:
    return b"".join(value.to_bytes(extent.WORD, "little") for value in values)


def _opened(path: Path, *, only_read: bool) -> tuple[int, bool]:
    """Open a file for writing too where that is wanted and can be; tell whether it is."""
    try:
        if not only_read:
            try:
                return os.open(path, _FLAGS | os.O_RDWR), True
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ETXTBSY):
                    raise
        return os.open(path, _FLAGS | os.O_RDONLY), False
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise JournalError(str(path), "it is a symbolic link; name the file itself") from error
        raise JournalError(str(path), f"it cannot be opened: {error.strerror}") from error


def _problem(status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "it is no file, so it is no journal; remove it"
    if status.st_uid not in (os.geteuid(), 0):
        return f"it belongs to user {status.st_uid}; read it as that user"
    return ""
