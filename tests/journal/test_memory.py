"""Which files are journals, and which are refused with a reason; and that none is kept open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.journal.written import Journal

from telemetry._hotpath import extent
from telemetry.errors import JournalError
from telemetry.journal import FileMemory, Folder, open_journal, readers, unreadable


def _not_there(path: Path) -> None:
    path.unlink()


def _link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _of_somebody_else(path: Path) -> None:
    os.chown(path, 12345, 12345)


def _short(path: Path) -> None:
    os.truncate(path, 4095)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_not_there, "cannot be opened: No such file"),
        (_link, "symbolic link"),
        (_pipe, "no file"),
        (_short, "shorter than the header"),
        pytest.param(_of_somebody_else, "user 12345", marks=pytest.mark.skipif(os.geteuid() != 0, reason="root only")),
    ],
)
def test_what_cannot_be_read_says_why(journal: Journal, spoil: Callable[[Path], None], reason: str) -> None:
    """A link, a pipe, a file of somebody else and one that is no journal are refused, with the reason."""
    spoil(journal.path)
    with pytest.raises(JournalError, match=reason):
        open_journal(journal.path)


@pytest.mark.parametrize(
    ("word", "value", "reason"),
    [
        (extent.MAGIC_WORD, 1, "no journal"),
        (extent.VERSION_WORD, 9, "version 9, not 1"),
        (extent.NOTES_AT, 8, "notes at 8"),
        (extent.RING_BYTES, 1 << 60, "ring at"),
        (extent.SEGMENT_BYTES_WORD, 0, "segment has 0 bytes"),
        (extent.SLOT_BYTES, 8, "8 bytes each"),
        (extent.SLOTS, 1 << 40, "notes at|table at"),
        (extent.CHECKSUM, 5, "no checksum 5"),
    ],
)
def test_a_header_must_make_sense(journal: Journal, word: int, value: int, reason: str) -> None:
    """Nothing is believed of a header that contradicts itself; the message says where."""
    journal.set(word, value)
    with pytest.raises(JournalError, match=reason):
        open_journal(journal.path)


def test_readers_of_a_folder(tmp_path: Path) -> None:
    """All journals of a folder are given, and those that cannot be read are named with the reason."""
    for key in (8, 10):
        Journal(tmp_path / f"1-1-{key:x}.journal", key=key).close()
    (tmp_path / "1-1-c.journal").write_bytes(b"what")
    (tmp_path / "dead.journal").write_bytes(b"what")
    tmp_path.chmod(0o700)
    folder = Folder.open(tmp_path)
    found = list(readers(folder, only_read=True))
    assert [each.identity.key for each in found] == [8, 10]
    assert [path.name for path, reason in unreadable(folder) if "shorter" in reason] == ["1-1-c.journal"]
    assert len(unreadable(folder)) == 1
    for each in found:
        each.memory.close()


def test_no_descriptor_is_left(journal: Journal) -> None:
    """A closed journal gives nothing, raises nothing, and keeps no descriptor."""
    before = len(os.listdir("/proc/self/fd"))
    reader = open_journal(journal.path)
    reader.memory.close()
    reader.memory.close()
    assert reader.batch(0).chunks == ()
    assert (reader.memory.size, reader.memory.word(0), reader.open_spans(), reader.snapshots()) == (0, 0, [], [])
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(JournalError):
        FileMemory("/dev/null")
    assert len(os.listdir("/proc/self/fd")) == before
