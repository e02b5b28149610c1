"""Keep what toolchains wrote, once, under the hash of its bytes.

It does not prune, compress or redact: what it holds is evidence. `run_toolchain` writes it; spans carry the hashes.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from telemetry.errors import PipelineError

_HEX_DIGITS = frozenset("0123456789abcdef")
_TAIL_BYTES = 4096


@final
@dataclass(frozen=True, slots=True)
class StoredOutput:
    """What a process wrote to one of its streams, in a store or in memory.

    Attributes:
        sha256: The hash of the kept bytes, 64 lower-case hex digits.
        size_bytes: How many bytes were kept.
        dropped_bytes: How many more the process wrote, counted and thrown away.
        path: The file in the store; None when the bytes are kept in memory.

    >>> StoredOutput.in_memory(b"hello").text()
    'hello'
    """

    sha256: str
    size_bytes: int
    dropped_bytes: int = 0
    path: Path | None = None
    _content: bytes | None = field(default=None, repr=False, compare=False)

    @classmethod
    def in_memory(cls, data: bytes, *, dropped_bytes: int = 0) -> StoredOutput:
        """Hold the bytes themselves, for runs that have no store."""
        return cls(hashlib.sha256(data).hexdigest(), len(data), dropped_bytes, None, data)

    @property
    def truncated(self) -> bool:
        """Whether the process wrote more than was kept."""
        return self.dropped_bytes > 0

    def data(self) -> bytes:
        """Return the kept bytes, as they were written.

        Raises:
            OSError: The file was removed from the store since.
        """
        if self._content is not None:
            return self._content
        return self.path.read_bytes() if self.path is not None else b""

    def text(self) -> str:
        """Return the kept bytes as UTF-8, with U+FFFD for each byte sequence that is none.

        Raises:
            OSError: The file was removed from the store since.
        """
        return self.data().decode("utf-8", "replace")


@final
class ArtefactStore:
    """A folder of files that are named by the SHA-256 of their content.

    Any number of threads and processes may write to one store at once: a file appears whole or not at all, and the
    same bytes are written once. Folders are made 0700 and files 0600, for compilers quote the sources they read.

    >>> import tempfile
    >>> store = ArtefactStore(Path(tempfile.mkdtemp()))
    >>> stored = store.put(b"a.c:1: warning")
    >>> store.get(stored.sha256)
    b'a.c:1: warning'
    """

    __slots__ = ("directory",)

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)

    def put(self, data: bytes, *, dropped_bytes: int = 0) -> StoredOutput:
        """Store the bytes unless they are there already, and say where.

        A file of the right name and another size is what a power failure leaves behind; it is written again.

        Raises:
            OSError: The store cannot be written, for instance because the disk is full.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if not _has_size(path, len(data)):
            self._write(path, data)
        return StoredOutput(sha256, len(data), dropped_bytes, path)

    def get(self, sha256: str) -> bytes:
        """Return the bytes that have this hash, checked against it.

        Raises:
            PipelineError: The store has no such bytes, or their file was damaged.
        """
        path = self._path(_checked(sha256))
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise PipelineError(
                f"no artefact {sha256} in {self.directory}: it was stored elsewhere, or removed"
            ) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise PipelineError(f"{path} does not have the hash it is named by: it was damaged, remove it")
        return data

    def __contains__(self, sha256: object) -> bool:
        return isinstance(sha256, str) and _is_sha256(sha256) and self._path(sha256).is_file()

    def _path(self, sha256: str) -> Path:
        return self.directory / sha256[:2] / sha256[2:4] / sha256

    def _write(self, path: Path, data: bytes) -> None:
        self._make_folders(path.parent)
        partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _make_folders(self, leaf: Path) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        leaf.parent.mkdir(mode=0o700, exist_ok=True)
        leaf.mkdir(mode=0o700, exist_ok=True)


@final
class OutputBuffer:
    """The first bytes of a stream, and the last few when there were too many.

    Its memory is bounded by the limit, whatever a process writes.

    >>> output = OutputBuffer(limit_bytes=4)
    >>> output.take(b"warning")
    >>> output.stored(None).text(), output.tail()
    ('warn', 'warning')
    """

    __slots__ = ("_dropped_bytes", "_kept", "_limit_bytes", "_tail")

    def __init__(self, limit_bytes: int) -> None:
        self._kept = bytearray()
        self._limit_bytes = limit_bytes
        self._dropped_bytes = 0
        self._tail = b""

    def take(self, chunk: bytes) -> None:
        """Keep what there is room for; of the rest, the count and the last few bytes."""
        room = self._limit_bytes - len(self._kept)
        self._kept += chunk[:room]
        if len(chunk) > room:
            self._dropped_bytes += len(chunk) - room
            self._tail = (self._tail + chunk[room:])[-_TAIL_BYTES:]

    def tail(self) -> str:
        """Return the last bytes that were written, as text."""
        missing_bytes = _TAIL_BYTES - len(self._tail)
        kept = bytes(self._kept[-missing_bytes:]) if missing_bytes else b""
        return (kept + self._tail).decode("utf-8", "replace")

    def stored(self, artefacts: ArtefactStore | None) -> StoredOutput:
        """Put the kept bytes into the store, or hold them when there is none or it cannot be written."""
        data = bytes(self._kept)
        if artefacts is not None:
            # A full disk must not turn a good compilation into a failed one; the missing path tells.
            with suppress(OSError):
                return artefacts.put(data, dropped_bytes=self._dropped_bytes)
        return StoredOutput.in_memory(data, dropped_bytes=self._dropped_bytes)


def _has_size(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except FileNotFoundError:
        return False


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and _HEX_DIGITS.issuperset(text)


def _checked(sha256: str) -> str:
    if not _is_sha256(sha256):
        raise PipelineError(f"{sha256!r} is no SHA-256: expected 64 lower-case hex digits")
    return sha256
