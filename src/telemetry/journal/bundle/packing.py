"""Put a bundle together: journals, their records as OTLP, contracts, hashes, logs, the manifest."""

from __future__ import annotations

import platform
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from telemetry.contracts import Registry
from telemetry.errors import JournalError
from telemetry.journal.folder import SUFFIX, Folder
from telemetry.version import VERSION

from .dead import unfolded
from .inventory import artefacts, encode
from .manifest import ARTEFACTS, MANIFEST, REGISTRY, SIGNATURE, Manifest, Process
from .process import pack_process
from .registry import encode as encode_registry
from .secrets import Redaction
from .signature import public_text
from .staging import Staging

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NAME_LETTERS: Final = 64


@final
@dataclass(frozen=True, slots=True)
class Selection:
    """What goes into a bundle.

    Attributes:
        registry: The contracts in force.
        redaction: What looks for secrets.
        created: The date of the bundle, in seconds since the epoch.
        journals: The folders of journals.
        artefacts: Stores of toolchain runs, of which hashes and sizes go in.
        with_artefacts: Whether the artefacts themselves go in too. They are evidence, and not redacted.
        logs: Log files.
        key: What signs it; None for nobody.
        keep_found: Pack though something looks like a secret.
    """

    registry: Registry
    redaction: Redaction
    created: int
    journals: Sequence[Folder] = ()
    artefacts: Sequence[Path] = ()
    with_artefacts: bool = False
    logs: Sequence[Path] = ()
    key: Ed25519PrivateKey | None = None
    keep_found: bool = False


def pack(selection: Selection, output: Path) -> Manifest:
    """Write a bundle; equal content and date make equal bytes, wherever zlib is the same.

    Processes may run meanwhile: their journals are copied as they stand, and nobody is asked or held up.

    Raises:
        JournalError: Something cannot be read or written, or looks like a secret.
    """
    try:
        with Staging(output) as staging:
            manifest = _filled(selection, staging)
            _refuse_secrets(selection, output)
            data = manifest.encode()
            first = [(MANIFEST, data)]
            if selection.key is not None:
                first.append((SIGNATURE, selection.key.sign(data)))
            staging.finish(first, manifest.members)
            return manifest
    except OSError as error:
        if isinstance(error, JournalError):
            raise
        raise JournalError(str(error.filename or output), f"it cannot be packed: {error.strerror}") from error


def _filled(selection: Selection, staging: Staging) -> Manifest:
    processes: list[Process] = []
    unreadable: dict[str, str] = {}
    for folder in selection.journals:
        found, left_out = _journals(folder, len(processes), staging, selection.redaction)
        processes += found
        unreadable.update(left_out)
    staging.write(REGISTRY, encode_registry(selection.registry))
    _artefacts(selection, staging)
    for name, path in _log_names(selection.logs):
        selection.redaction.copy(path, staging.path(name))
    totals: Counter[str] = Counter()
    for process in processes:
        if not process.is_settled:
            totals.update(process.ledger)
    return Manifest(
        created=selection.created,
        telemetry=VERSION,
        host=_host(),
        processes=tuple(processes),
        totals=dict(totals),
        redaction=selection.redaction.counts(),
        unreadable=unreadable,
        members=staging.members(),
        public_key="" if selection.key is None else public_text(selection.key),
    )


def _journals(
    folder: Folder, first: int, staging: Staging, redaction: Redaction
) -> tuple[list[Process], dict[str, str]]:
    """Pack the journals of a folder, while nobody adds one to the totals of the dead and removes it."""
    packed: list[Process] = []
    unreadable: dict[str, str] = {}
    with unfolded(folder) as dead:
        for number, path in enumerate(folder.journals(), first):
            name = f"processes/{number:04}-{_plain(path.name.removesuffix(SUFFIX))}"
            try:
                packed.append(pack_process(path, name, folder, dead, staging, redaction))
            except FileNotFoundError:
                continue  # its process ended in order meanwhile, and left nothing
            except JournalError as error:
                if path.exists():
                    unreadable[path.name] = str(error).removeprefix(f"{error.path}: ")
    return packed, unreadable


def _artefacts(selection: Selection, staging: Staging) -> None:
    if not selection.artefacts:
        return
    listed = artefacts(selection.artefacts)
    staging.write(ARTEFACTS, encode(listed))
    for each in listed if selection.with_artefacts else ():
        if each.is_sound:
            shutil.copyfile(each.path, staging.path(f"artefacts/{each.sha256}"))


def _log_names(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Name log files by number and name, as files of different folders may have the same."""
    for number, path in enumerate(paths):
        yield f"logs/{number:04}-{_plain(path.name)}", path


def _plain(name: str) -> str:
    return re.sub("[^A-Za-z0-9._-]", "_", name)[-_NAME_LETTERS:]


def _host() -> dict[str, str]:
    """Say what machine this is, and nothing of who uses it: no name of a host, a user or a folder."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _refuse_secrets(selection: Selection, output: Path) -> None:
    redaction = selection.redaction
    if redaction.found and not selection.keep_found:
        places = "; ".join(redaction.places)
        problem = f"{redaction.found} values look like secrets, so it was not written: {places}"
        raise JournalError(str(output), f"{problem}. See where they come from, or pack with --keep-found")
