"""The members of a bundle while it is put together: files in a folder that goes away."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Self, final

from telemetry.errors import JournalError

from .archive import write_archive
from .manifest import Member


@final
class Staging:
    """A folder beside the bundle that is being made; a context manager that removes it.

    Args:
        output: Where the bundle will be.

    Raises:
        JournalError: Nothing can be written there.
    """

    __slots__ = ("_folder", "_output")

    def __init__(self, output: Path) -> None:
        self._output = output
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            self._folder = TemporaryDirectory(prefix=".telemetry-bundle-", dir=output.parent)
        except OSError as error:
            raise JournalError(str(output), f"no bundle can be written there: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def path(self, name: str) -> Path:
        """Give where a member goes; its folder is there."""
        path = Path(self._folder.name, "members", name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def write(self, name: str, data: bytes) -> None:
        """Add a member; one without content is none."""
        if data:
            self.path(name).write_bytes(data)

    def open(self, name: str) -> BinaryIO:
        """Add a member that is written piece by piece."""
        return self.path(name).open("xb")

    def discard(self, name: str) -> None:
        """Take a member out again."""
        self.path(name).unlink(missing_ok=True)

    def drop(self, folder: str) -> None:
        """Take a folder of members out again."""
        shutil.rmtree(self.path(folder), ignore_errors=True)

    def members(self) -> tuple[Member, ...]:
        """Give all members, in the order of their names."""
        root = self.path("x").parent
        paths = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*") if path.is_file())
        return tuple(_member(name, path) for name, path in paths)

    def finish(self, first: Sequence[tuple[str, bytes]], members: Sequence[Member]) -> None:
        """Write the archive, and put it in its place at once."""
        leading = [(name, Path(self._folder.name, name)) for name, _ in first]
        for (_, data), (_, path) in zip(first, leading, strict=True):
            path.write_bytes(data)
        partial = Path(self._folder.name, "bundle")
        partial.touch(0o600)
        with partial.open("wb") as file:
            write_archive(file, [*leading, *((member.name, self.path(member.name)) for member in members)])
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._output)


def _member(name: str, path: Path) -> Member:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Member(name, file.tell(), sha256)
