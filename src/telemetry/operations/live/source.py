"""Recognise a source of what was recorded, and open it.

A folder of journals, a bundle, the URL of a Prometheus endpoint, or a file: a scrape, lines of OTLP JSON, lines of our
logs; compressed by gzip or not. `-` is the standard input.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast, final

from telemetry.contracts import Registry
from telemetry.errors import JournalError, SourceError
from telemetry.operations.shown import is_address, shown_source

from .coverage import SIGNALS, Signal
from .fetch import fetch
from .otlp import otlp_lines
from .recorded import bundle_recordings, journal_folders, journal_recordings
from .recording import Recording
from .scrape import MOST_BYTES, scraped

STANDARD_INPUT: Final = "-"

_GZIP: Final = b"\x1f\x8b"
_TAR_AT: Final = 257
_TAR: Final = b"ustar"
_PIECE: Final = 64 * 1024
_KEPT_IN_MEMORY: Final = 8 * 1024 * 1024
_MOST_BYTES: Final = 1024 * 1024 * 1024
_END: Final = b"# EOF"
_OPENMETRICS_SIGNS: Final = (b"# UNIT ", b"} # {", b" # {")


@final
@dataclass(frozen=True, slots=True)
class Source:
    """An open source.

    Attributes:
        kind: What it is, in words.
        recordings: Give what is in it; metrics of journals are read by these contracts.
        signals: What it can show.
        names_services: Whether it says which service recorded.
        registry: The contracts that a bundle was packed with; None for other sources.
    """

    kind: str
    recordings: Callable[[Registry], Iterator[Recording]]
    signals: Sequence[Signal] = SIGNALS
    names_services: bool = True
    registry: Registry | None = None


@contextmanager
def open_source(source: str, standard_input: BinaryIO) -> Iterator[Source]:
    """Open a source.

    Raises:
        SourceError: There is no such source, or it is none that can be read. Reading it may raise it too.
    """
    with ExitStack() as stack:
        if is_address(source):
            answer = fetch(source)
            yield _file(BytesIO(answer.body), shown_source(source), is_openmetrics=answer.is_openmetrics)
        elif source == STANDARD_INPUT:
            yield _spooled(stack, standard_input, "the standard input")
        else:
            yield _of_path(stack, Path(source))


def _of_path(stack: ExitStack, path: Path) -> Source:
    try:
        if path.is_dir():
            return Source("journal", partial(journal_recordings, journal_folders(path)))
        file = stack.enter_context(path.open("rb"))
        head = file.read(len(_GZIP))
        file.seek(0)
        if head != _GZIP:
            return _file(file, str(path)) if file.seekable() else _spooled(stack, file, str(path))
        return _bundle(stack, path) if _is_archive(path) else _spooled(stack, file, str(path))
    except FileNotFoundError:
        problem = "there is no such folder or file; SOURCE may also be a URL, or - for the standard input"
        raise SourceError(str(path), problem) from None
    except OSError as error:
        raise SourceError(str(path), f"it cannot be read: {error.strerror or error}") from error


def _bundle(stack: ExitStack, path: Path) -> Source:
    from telemetry.journal.bundle import Bundle

    try:
        bundle = stack.enter_context(Bundle.open(path))
    except JournalError as error:
        raise SourceError(str(path), str(error).removeprefix(f"{path}: ")) from error
    except ModuleNotFoundError as error:
        raise SourceError(str(path), f"a bundle needs {error.name}: pip install 'telemetry[probe]'") from error
    return Source("bundle", partial(bundle_recordings, bundle), registry=bundle.registry)


def _is_archive(path: Path) -> bool:
    try:
        with gzip.open(path) as content:
            return content.read(_TAR_AT + len(_TAR))[_TAR_AT:] == _TAR
    except (OSError, EOFError, zlib.error):
        return False


def _spooled(stack: ExitStack, given: BinaryIO, name: str) -> Source:
    """Copy what can be read only once, or is compressed, to where it can be read again; up to a bound."""
    copy = _copied(stack, given, name)
    head = copy.read(len(_GZIP))
    copy.seek(0)
    if head != _GZIP:
        return _file(copy, name)
    return _file(_copied(stack, cast("BinaryIO", stack.enter_context(gzip.open(copy))), name), name)


def _copied(stack: ExitStack, given: BinaryIO, name: str) -> BinaryIO:
    spool = SpooledTemporaryFile(_KEPT_IN_MEMORY)  # noqa: SIM115 -- the stack closes it
    copy = cast("BinaryIO", stack.enter_context(spool))
    size = 0
    try:
        while piece := given.read(_PIECE):
            size += copy.write(piece)
            if size > _MOST_BYTES:
                raise SourceError(name, f"it has more than {_MOST_BYTES} bytes")
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(name, f"it cannot be unpacked: {error}") from error
    copy.seek(0)
    return copy


def _file(file: BinaryIO, name: str, *, is_openmetrics: bool | None = None) -> Source:
    """Tell by its beginning and its end what a file is."""
    head = file.read(_PIECE)
    start = head.lstrip()
    if start.startswith(b"{"):
        file.seek(0)
        return Source("OTLP JSON", lambda _registry: otlp_lines(file, name))
    if start.startswith(b"<"):
        raise SourceError(name, "it is HTML or XML, no metrics; the path of an endpoint is mostly /metrics")
    if b"\0" in head:
        raise SourceError(name, "it is neither a bundle nor text")
    if file.seek(0, 2) > MOST_BYTES:
        raise SourceError(name, f"the scrape has more than {MOST_BYTES} bytes")
    if is_openmetrics is None:
        is_openmetrics = _ends_openmetrics(file) or any(sign in head for sign in _OPENMETRICS_SIGNS)
    file.seek(0)
    read = partial(scraped, file, name, is_openmetrics=is_openmetrics)
    return Source("scrape", lambda _registry: read(), ("metrics",), names_services=False)


def _ends_openmetrics(file: BinaryIO) -> bool:
    size = file.seek(0, 2)
    file.seek(max(size - 16, 0))
    return file.read().rstrip().endswith(_END)
