"""A verified bundle as data, for whoever replays it: processes, records, pages, contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from telemetry.contracts import Registry
from telemetry.errors import JournalError
from telemetry.journal.memory import FileMemory
from telemetry.journal.reader import Reader
from telemetry.signals import Finding

from .archive import Limits
from .contents import Contents
from .manifest import REGISTRY, Manifest, Process
from .record import Signal, batches, records, resource_attributes
from .registry import decode
from .verification import check, trust

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_OWN_SCOPE = 0


@final
class Bundle:
    """An open bundle in which nothing is wrong; a context manager that removes what was unpacked.

    Attributes:
        manifest: What it says of itself.
        sha256: The hash of its manifest, which names it.
        registry: The contracts that were in force.
    """

    __slots__ = ("_contents", "manifest", "registry", "sha256")

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self.manifest: Manifest = contents.manifest
        self.sha256 = contents.sha256
        self.registry: Registry = decode(contents.read(REGISTRY), REGISTRY)

    @classmethod
    def open(cls, path: Path, public_key: Ed25519PublicKey | None = None, limits: Limits | None = None) -> Self:
        """Unpack and verify a bundle.

        Raises:
            JournalError: Something is wrong with it.
        """
        contents = Contents.open(path, trust=trust(path, public_key), limits=limits)
        try:
            _refuse_errors(check(contents), path)
            return cls(contents)
        except BaseException:
            contents.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._contents.close()

    def processes(self) -> Iterator[Recording]:
        """Give what each process recorded, in the order of the manifest."""
        for process in self.manifest.processes:
            yield Recording(self._contents, process)


def _refuse_errors(findings: Iterable[Finding], path: Path) -> None:
    for finding in findings:
        if finding.level == "error":
            raise JournalError(str(path), f"{finding.place}: {finding.problem}; {finding.remedy}")


@final
class Recording:
    """What one process recorded.

    Attributes:
        process: What the manifest says of it.
        resource: The content of OTLP's `Resource`; empty where the process did not live long enough to write it.
        scope: Our own scope, as the content of `ScopeSpans` without its spans.
        pages: The metric pages; none where they were added to those of the dead.
    """

    __slots__ = ("_contents", "pages", "process", "resource", "scope")

    def __init__(self, contents: Contents, process: Process) -> None:
        self._contents = contents
        self.process = process
        with Reader(FileMemory(contents.path(f"{process.folder}/journal"), only_read=True)) as reader:
            self.resource = reader.resource
            self.scope = reader.scope(_OWN_SCOPE)
            # Metrics that were added to those of the dead stand there; twice they would count twice.
            self.pages = [] if process.is_folded else reader.snapshots()

    @property
    def seen_ns(self) -> int:
        """The last sign of life, since the epoch."""
        return self.process.seen_ns

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the resource."""
        with suppress(ValueError):
            return dict(resource_attributes(self.resource))
        return {}

    def batches(self, member: str) -> Iterator[tuple[bytes, int]]:
        """Give each batch of an OTLP member (such as `spans.otlp`), and the number of records in it."""
        signal: Signal = "logs" if member.startswith("logs") else "spans"
        for _, batch in batches(self._contents.view(f"{self.process.folder}/{member}")):
            yield batch, sum(1 for _ in records(batch, signal))
