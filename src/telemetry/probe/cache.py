"""Keep built files under the hash of what they were built from.

The key covers the source, the command and the toolchain's version; the files are checked against their own hashes when
they come back, so a damaged entry is built anew. `compile` reads and writes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import final

from .backends import Invocation


def build_key(invocation: Invocation, toolchain_version: str) -> str:
    """Return the SHA-256 of all that a build depends on."""
    parts = [invocation.source_sha256, invocation.source_name, invocation.argv, toolchain_version]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@final
class BuildCache:
    """A folder of built files; any number of processes may share one.

    >>> cache = BuildCache(Path(tempfile.mkdtemp()))
    >>> cache.fetch("00", Path("a.so"))
    False
    """

    __slots__ = ("directory",)

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def fetch(self, key: str, target: Path) -> bool:
        """Copy the file that was built under the key, and tell whether there is a sound one."""
        entry = self._entry(key)
        try:
            expected = (entry / "sha256").read_text(encoding="ascii")
            data = (entry / "output").read_bytes()
        except (OSError, UnicodeDecodeError):
            return False
        if hashlib.sha256(data).hexdigest() != expected:
            return False
        target.write_bytes(data)
        target.chmod(0o755)
        return True

    def store(self, key: str, output: Path) -> None:
        """Keep a built file. A cache that cannot be written is a cache without it."""
        with suppress(OSError):
            self._store(self._entry(key), output.read_bytes())

    def _store(self, entry: Path, data: bytes) -> None:
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=entry.parent, prefix="."))
        try:
            (partial / "output").write_bytes(data)
            (partial / "sha256").write_text(hashlib.sha256(data).hexdigest(), encoding="ascii")
            shutil.rmtree(entry, ignore_errors=True)
            os.rename(partial, entry)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _entry(self, key: str) -> Path:
        return self.directory / key[:2] / key
