"""Read lines of text out of bytes that may be anything: bounded, in UTF-8, each with its number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, final

from telemetry.errors import SourceError


@final
class Lines:
    """The lines of a file, one after another; the file may be larger than memory.

    Attributes:
        number: Of the line that was read last, from 1.
        is_whole: Whether that line had an end.

    Args:
        file: Where they are.
        source: What to call it.
        most_bytes: The longest line.
    """

    __slots__ = ("_file", "_most_bytes", "is_whole", "number", "source")

    def __init__(self, file: BinaryIO, source: str, most_bytes: int) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self.source = source
        self.number = 0
        self.is_whole = True

    def __iter__(self) -> Iterator[str]:
        """Give each line with its end.

        Raises:
            SourceError: One is too long, or is not UTF-8; or the file cannot be read.
        """
        while raw := self._read():
            self.number += 1
            if len(raw) > self._most_bytes:
                self.refuse(f"it has more than {self._most_bytes} bytes")
            self.is_whole = raw.endswith(b"\n")
            try:
                yield raw.decode()
            except UnicodeDecodeError as error:
                self.refuse(f"it is not UTF-8: {error.reason}")

    def refuse(self, problem: str) -> None:
        """Say what is wrong with the line that was read last.

        Raises:
            SourceError: Always.
        """
        raise SourceError(self.source, f"line {self.number}: {problem}")

    def _read(self) -> bytes:
        try:
            return self._file.readline(self._most_bytes + 1)
        except (OSError, EOFError) as error:
            raise SourceError(self.source, f"it cannot be read behind line {self.number}: {error}") from error
