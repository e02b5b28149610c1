"""A bundle that was opened: its members in a folder of their own, each held against the manifest.

The manifest comes first in the archive. So a signature is checked before anything else is unpacked, and nothing is
unpacked that the manifest does not announce, in the order and of the size that it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self, final

from telemetry.errors import JournalError
from telemetry.signals import Finding

from .archive import PIECE, Limits, read_archive
from .manifest import MANIFEST, SIGNATURE, Manifest

_Archive = Iterator[tuple[str, int, Iterator[bytes]]]

_AGAIN: Final = "get the bundle again, or pack it anew"
_SIGNATURE_BYTES: Final = 1024
_DOCUMENT_BYTES: Final = 64 << 20

Trust = Callable[[Manifest, bytes, bytes], None]
"""Called with a manifest, its bytes and its signature before anything else is read; it raises to refuse them."""


@final
@dataclass(slots=True)
class Contents:
    """The members of a bundle, where they can be read; a context manager that removes them.

    Attributes:
        manifest: What it says of itself.
        is_signed: Whether there is a signature, right or wrong.
        findings: What does not fit the manifest.
        sha256: The hash of the manifest, which names the bundle whatever its archive's compression.
    """

    manifest: Manifest
    is_signed: bool
    sha256: str
    findings: list[Finding] = field(default_factory=list)
    _folder: TemporaryDirectory[str] = field(default_factory=lambda: TemporaryDirectory(prefix="telemetry-bundle-"))

    @classmethod
    def open(cls, path: Path, *, trust: Trust | None = None, limits: Limits | None = None) -> Self:
        """Unpack a bundle into a temporary folder.

        Raises:
            JournalError: It is no bundle, or one that no `pack` makes: a hostile archive, or one cut short.
        """
        limits = limits or Limits()
        try:
            with path.open("rb") as file:
                archive = read_archive(file, path, limits)
                return cls._unpacked(archive, path, trust, limits)
        except OSError as error:
            if isinstance(error, JournalError):
                raise
            raise JournalError(str(path), f"it cannot be read: {error.strerror}") from error

    @classmethod
    def _unpacked(cls, archive: _Archive, path: Path, trust: Trust | None, limits: Limits) -> Self:
        data = _whole(archive, MANIFEST, limits.manifest_bytes, path)
        try:
            manifest = Manifest.decode(data)
        except ValueError as error:
            raise JournalError(str(path), f"its {MANIFEST} is wrong: {error}") from None
        signature = _whole(archive, SIGNATURE, _SIGNATURE_BYTES, path) if manifest.public_key else b""
        if trust is not None:
            trust(manifest, data, signature)
        contents = cls(manifest, bool(signature), hashlib.sha256(data).hexdigest())
        try:
            contents._unpack(archive, path)
        except BaseException:
            contents.close()
            raise
        return contents

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was unpacked."""
        self._folder.cleanup()

    def path(self, name: str) -> Path:
        """Give where a member is."""
        return Path(self._folder.name, name)

    def has(self, name: str) -> bool:
        """Tell whether there is such a member."""
        return self.path(name).is_file()

    def read(self, name: str) -> bytes:
        """Give a document whole; empty where there is none.

        Raises:
            JournalError: It is larger than any document.
        """
        if not self.has(name):
            return b""
        if self.path(name).stat().st_size > _DOCUMENT_BYTES:
            raise JournalError(name, f"it has more than {_DOCUMENT_BYTES} bytes; it was changed")
        return self.path(name).read_bytes()

    def view(self, name: str) -> bytes | mmap:
        """Give a member of any size without reading it; nobody else can cut it short, as the folder is ours."""
        if not self.has(name) or not self.path(name).stat().st_size:
            return b""
        with self.path(name).open("rb") as file:
            return mmap(file.fileno(), 0, access=ACCESS_READ)

    def _unpack(self, archive: _Archive, path: Path) -> None:
        expected = iter(self.manifest.members)
        for name, size, pieces in archive:
            member = next(expected, None)
            if member is None or (member.name, member.size) != (name, size):
                said = f"{member.name} of {member.size} bytes" if member else "nothing more"
                raise JournalError(str(path), f"{name} of {size} bytes stands where the manifest has {said}")
            sha256 = _written(self.path(name), pieces)
            if sha256 != member.sha256:
                problem = f"its content has the hash {sha256}, the manifest says {member.sha256}"
                self.findings.append(Finding("error", "checksum", f"{name}@0", problem, _AGAIN))
        missing = next(expected, None)
        if missing is not None:
            raise JournalError(str(path), f"{missing.name} is missing, and what comes after it; {_AGAIN}")


def _whole(archive: _Archive, wanted: str, most_bytes: int, path: Path) -> bytes:
    name, size, pieces = next(archive, ("nothing", 0, iter(())))
    if name != wanted:
        raise JournalError(str(path), f"{name} stands where {wanted} must be; it is no bundle, or was changed")
    if size > most_bytes:
        raise JournalError(str(path), f"its {wanted} has {size} bytes, more than {most_bytes}; it was changed")
    return b"".join(pieces)


def _written(path: Path, pieces: Iterator[bytes]) -> str:
    """Write a member and give its hash; what is only zeros becomes a hole, so that a bomb fills no disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    zeros = bytes(PIECE)
    with path.open("xb") as file:
        for piece in pieces:
            digest.update(piece)
            if piece == zeros[: len(piece)]:
                file.seek(len(piece), 1)
            else:
                file.write(piece)
        file.truncate()
    return digest.hexdigest()
