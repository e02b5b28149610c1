"""Write finished lines to a stream: each whole, none interleaved, no error to the caller.

It knows nothing of what is in a line. Channels call it.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TextIO, final

from .lock import ForkLock
from .tally import Tally


@final
class LineWriter:
    """A stream that takes one line at a time, from any thread.

    Where the stream is a plain file or pipe, each line is one `write` to its descriptor, so lines of several processes
    stay whole too, as POSIX promises for files opened to append and for pipes up to 4096 bytes. A line that cannot be
    written is counted in the tally and lost; the program goes on, and its exit status does not change.

    >>> LineWriter(sys.stdout).write("compile.start")
    compile.start
    """

    __slots__ = ("_is_torn", "_lock", "_stream", "_tally")

    def __init__(self, stream: TextIO | None = None, tally: Tally | None = None) -> None:
        """Write to `stream`; without one, to whatever `sys.stderr` is at each line."""
        self._stream = stream
        self._tally = tally or Tally()
        self._lock = ForkLock()
        self._is_torn = False

    def write(self, line: str) -> None:
        """Write one line; its end is added. Never raises."""
        stream = self._stream or sys.stderr
        try:
            with self._lock:
                self._write(stream, f"{line}\n")
        except Exception as error:  # noqa: BLE001 - closed stream, full disk, broken pipe, and streams of others
            self._tally.add("writer", f"a log line was lost: {error!r}")

    def _write(self, stream: TextIO, line: str) -> None:
        descriptor = _descriptor(stream)
        if descriptor is None:
            stream.write(line)
            stream.flush()
            return
        # What cannot be written stays in a stream's buffer, and the interpreter then fails at exit (status 120);
        # behind the descriptor nothing stays.
        stream.flush()
        self._write_all(descriptor, line.encode(stream.encoding, "backslashreplace"))

    def _write_all(self, descriptor: int, data: bytes) -> None:
        if self._is_torn:
            data = b"\n" + data
        written = 0
        try:
            while written < len(data):
                written += os.write(descriptor, data[written:])
        finally:
            self._is_torn = written < len(data) and (written > 0 or self._is_torn)


def _descriptor(stream: TextIO) -> int | None:
    """Find the file behind a stream; subclasses and wrappers, which capture or copy, have to see the text."""
    if type(stream) is not TextIOWrapper:
        return None
    try:
        return stream.fileno()
    except OSError:
        return None
