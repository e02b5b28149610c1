"""The archive of a bundle: tar within gzip, the same bytes for the same members, read strictly.

Any `tar` lists and extracts it. Reading is strict: a header that differs in one bit from what `write_archive` makes of
a name and a size is refused, so there are no links, devices, owners, sparse files or extensions to be careful with.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, final

from telemetry.errors import JournalError

BLOCK: Final = 512
PIECE: Final = 1 << 18
_NAME_BYTES, _SIZE, _KIND = 100, slice(124, 135), slice(156, 157)
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_LEVEL: Final = 6
_CUT: Final = "it ends too early; it was cut short, copy it again"
_GZIP: Final = 16 + zlib.MAX_WBITS
_KINDS: Final = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a pipe",
}


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an archive is read before it is refused.

    Attributes:
        members: The most files in it.
        total_bytes: The most bytes of all files together, unpacked. The journal of a process takes 33 MiB by default.
        manifest_bytes: The most bytes of the manifest, which is the only member that is read at once.
    """

    members: int = 65_536
    total_bytes: int = 4 << 30
    manifest_bytes: int = 64 << 20

    @property
    def member_bytes(self) -> int:
        """The most bytes of one file: a quarter of all."""
        return self.total_bytes // 4


def is_name(name: str) -> bool:
    """Tell whether a member may have this name: relative, plain ASCII, no hidden or parent folder in it."""
    return len(name) <= _NAME_BYTES and _NAME.fullmatch(name) is not None


def write_archive(file: BinaryIO, members: Sequence[tuple[str, Path]]) -> None:
    """Write members in the order given, each a name and the file that has its content.

    The bytes are the same wherever zlib is; no time, owner or mode of the files is kept.
    """
    with gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed:
        for name, path in members:
            size = path.stat().st_size
            packed.write(_header(name, size))
            with path.open("rb") as content:
                while piece := content.read(PIECE):
                    packed.write(piece)
            packed.write(bytes(-size % BLOCK))
        packed.write(bytes(2 * BLOCK))


def read_archive(file: BinaryIO, path: Path, limits: Limits) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Give name, size and content of each member; content that is not taken is passed over.

    Memory is bounded by one piece of 256 KiB, and work by the limits, whatever the file holds.

    Raises:
        JournalError: It is no archive that `write_archive` made, or larger than the limits.
    """
    inflated = _Inflated(file, path)
    names: set[str] = set()
    left = limits.total_bytes
    while any(block := inflated.take(BLOCK)):
        name, size = _member(block, path)
        left -= size
        if name in names:
            raise JournalError(str(path), f"two members are named {name}; it was changed")
        if left < 0 or size > limits.member_bytes or len(names) == limits.members:
            most = f"{limits.members} files, {limits.member_bytes} bytes a file, {limits.total_bytes} bytes in all"
            raise JournalError(
                str(path), f"{name} has {size} bytes, past what is unpacked ({most}); raise --most-bytes"
            )
        names.add(name)
        yield from _content(inflated, name, size)
    if any(inflated.take(BLOCK)):
        raise JournalError(str(path), "its end is no tar archive's; it was changed")
    inflated.finish()


def _content(inflated: _Inflated, name: str, size: int) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    pieces = inflated.pieces(size)
    yield name, size, pieces
    for _ in pieces:
        pass
    if any(inflated.take(-size % BLOCK)):
        raise JournalError(str(inflated.path), f"there is something behind {name}; it was changed")


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)


def _member(block: bytes, path: Path) -> tuple[str, int]:
    name = block[:_NAME_BYTES].rstrip(b"\0").decode("ascii", "backslashreplace")
    kind = block[_KIND]
    if kind != b"0":
        raise JournalError(
            str(path), f"{name!r} in it is {_KINDS.get(kind, 'no plain file')}; a bundle has plain files"
        )
    if not is_name(name):
        raise JournalError(str(path), f"a member is named {name!r}, which no bundle has: it might leave its folder")
    digits = block[_SIZE]
    size = int(digits, 8) if digits.isdigit() and not {*b"89"} & {*digits} else -1
    if size < 0 or block != _header(name, size):
        raise JournalError(str(path), f"the header of {name!r} is not as this command writes it; it was changed")
    return name, size


@final
class _Inflated:
    """What is inside of a gzip file, as many bytes as are asked for."""

    __slots__ = ("_file", "_inflater", "path")

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._inflater = zlib.decompressobj(_GZIP)
        self.path = path

    def pieces(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.take(min(size, PIECE))
            size -= len(piece)
            yield piece

    def take(self, size: int) -> bytes:
        parts = []
        while size:
            packed = self._inflater.unconsumed_tail or self._file.read(PIECE)
            part = self._inflate(packed, size)
            if not part and (not packed or self._inflater.eof):
                raise JournalError(str(self.path), _CUT)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def finish(self) -> None:
        """Check that nothing follows."""
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._file.read(PIECE)
            if self._inflate(packed, 1):
                raise JournalError(str(self.path), "it goes on behind its end; it was changed")
            if not packed and not self._inflater.eof:
                raise JournalError(str(self.path), _CUT)
        if self._inflater.unused_data or self._file.read(1):
            raise JournalError(str(self.path), "there are bytes behind its end; it was changed")

    def _inflate(self, packed: bytes, size: int) -> bytes:
        try:
            return self._inflater.decompress(packed, size)
        except zlib.error as error:
            raise JournalError(str(self.path), f"it is no gzip file, or damaged: {error}") from None
