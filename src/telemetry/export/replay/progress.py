"""How far a bundle was replayed, and to where: a small file beside it, written after each answer.

So a second replay to the same endpoint sends nothing, and one that was interrupted goes on. At most the request that
was under way when it stopped is sent twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Self, final

from telemetry.errors import JournalError
from telemetry.version import VERSION

SUFFIX: Final = ".replayed"


@final
@dataclass(frozen=True, slots=True)
class Progress:
    """What an endpoint has of a bundle.

    Attributes:
        bundle: The SHA-256 of the manifest.
        version: That of the code that divided the bundle into requests.
        requests: How many of them have been answered.
        is_done: Whether that is all.
        rejected: How many records the endpoint did not want, of those that it took.
    """

    bundle: str
    version: str = VERSION
    requests: int = 0
    spans: int = 0
    logs: int = 0
    metrics: int = 0
    rejected: int = 0
    is_done: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether every value has its type, as it may come from a file."""
        return all(type(getattr(self, each.name)) is type(each.default) for each in fields(self)[1:])

    def after(self, signal: str, records: int, rejected: int) -> Self:
        """Count a request that was taken."""
        name = {"traces": "spans", "logs": "logs", "metrics": "metrics"}[signal]
        counted: dict[str, Any] = {name: getattr(self, name) + records, "rejected": self.rejected + rejected}
        return replace(self, requests=self.requests + 1, **counted)

    def finished(self) -> Self:
        """Say that nothing is left to send."""
        return replace(self, is_done=True)


@final
class ReplayRecord:
    """The file beside a bundle; what is in it of another bundle, or cannot be read, counts for nothing.

    Args:
        bundle: The bundle.
    """

    __slots__ = ("path",)

    def __init__(self, bundle: Path) -> None:
        self.path = bundle.with_name(bundle.name + SUFFIX)

    def progress(self, endpoint: str, sha256: str) -> Progress:
        """Give how far this bundle came at an endpoint; a fresh start where it is not known."""
        entry = self._entries().get(endpoint)
        try:
            found = Progress(**entry) if isinstance(entry, Mapping) else Progress(sha256)
        except TypeError:
            return Progress(sha256)
        if found.bundle != sha256 or not found.is_sound:
            return Progress(sha256)
        # Another version may divide a bundle otherwise: what it has done counts, how far it came does not.
        return found if found.is_done or found.version == VERSION else Progress(sha256)

    def store(self, endpoint: str, progress: Progress) -> None:
        """Keep how far it came.

        Raises:
            JournalError: The file cannot be written.
        """
        entries = {**self._entries(), endpoint: asdict(progress)}
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            partial.write_text(json.dumps({"endpoints": entries}, indent=1, sort_keys=True) + "\n", "utf-8")
            partial.replace(self.path)
        except OSError as error:
            problem = f"how far the replay came cannot be kept: {error.strerror}; make the folder writable"
            raise JournalError(str(self.path), problem) from error

    def _entries(self) -> dict[str, Any]:
        try:
            entries = json.loads(self.path.read_text("utf-8"))["endpoints"]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return {}
        return entries if isinstance(entries, dict) else {}
