"""The artefact store: content-addressed, whole or absent, private, safe under concurrent writers."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from telemetry.errors import PipelineError
from telemetry.pipeline.artefacts import ArtefactStore, OutputBuffer, StoredOutput

_WRITER = """
import sys
from pathlib import Path
from telemetry.pipeline.artefacts import ArtefactStore
store = ArtefactStore(Path(sys.argv[1]))
for number in range(50):
    store.put(b"%d" % number * 1000)
"""


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    """Make a store in a folder that does not exist yet."""
    return ArtefactStore(tmp_path / "artefacts")


def test_bytes_come_back_under_their_hash(store: ArtefactStore) -> None:
    """What is put is found again under its SHA-256, bit by bit."""
    data = bytes(range(256)) * 10
    stored = store.put(data)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.size_bytes == len(data)
    assert not stored.truncated
    assert store.get(stored.sha256) == data
    assert stored.data() == data


def test_the_path_has_two_levels_of_folders(store: ArtefactStore) -> None:
    """A file lies under the first two pairs of digits of its hash, so that no folder grows large."""
    stored = store.put(b"x")
    assert stored.path == store.directory / stored.sha256[:2] / stored.sha256[2:4] / stored.sha256


def test_the_same_bytes_are_written_once(store: ArtefactStore) -> None:
    """Putting the same bytes again gives the same answer and leaves the file alone."""
    first = store.put(b"same")
    assert first.path is not None
    before = first.path.stat()
    assert store.put(b"same") == first
    after = first.path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_only_the_owner_can_read(store: ArtefactStore) -> None:
    """Files are 0600 and folders 0700, whatever the umask allows."""
    umask = os.umask(0)
    try:
        path = store.put(b"private").path
    finally:
        os.umask(umask)
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o600
    folders = (store.directory, path.parent.parent, path.parent)
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3


def test_concurrent_writers_leave_one_whole_file_each(store: ArtefactStore) -> None:
    """Threads and processes that put the same bytes at once leave whole files and no partial ones."""
    command = [sys.executable, "-c", _WRITER, str(store.directory)]
    writers = [subprocess.Popen(command) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(store.put, [b"%d" % (number % 50) * 1000 for number in range(400)]))
    assert [writer.wait() for writer in writers] == [0, 0]
    files = [path for path in store.directory.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {result.sha256 for result in results}
    assert len(files) == 50
    assert all(store.get(path.name) == path.read_bytes() for path in files)


def test_a_file_that_was_cut_is_written_again(store: ArtefactStore) -> None:
    """A file of the wrong size, as a power failure leaves it, is repaired by the next put."""
    stored = store.put(b"whole")
    assert stored.path is not None
    stored.path.write_bytes(b"who")
    assert store.put(b"whole").data() == b"whole"


def test_damage_is_found(store: ArtefactStore) -> None:
    """Bytes that do not have the hash they are named by are never returned."""
    stored = store.put(b"evidence")
    assert stored.path is not None
    stored.path.write_bytes(b"EVIDENCE")
    with pytest.raises(PipelineError, match="was damaged"):
        store.get(stored.sha256)


def test_an_unknown_hash_is_said_to_be_missing(store: ArtefactStore) -> None:
    """Asking for what is not there names the hash and the store."""
    absent = hashlib.sha256(b"absent").hexdigest()
    assert absent not in store
    with pytest.raises(PipelineError, match=f"no artefact {absent} in {store.directory}"):
        store.get(absent)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "ab", "g" * 64, "A" * 64])
def test_only_a_hash_is_looked_up(store: ArtefactStore, name: str) -> None:
    """A name that is no hash never becomes a path."""
    assert name not in store
    with pytest.raises(PipelineError, match="is no SHA-256"):
        store.get(name)


def test_a_stored_hash_is_in_the_store(store: ArtefactStore) -> None:
    """Membership tells what `get` would find."""
    assert store.put(b"here").sha256 in store
    assert b"here" not in store


def test_a_store_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    """A failing write raises the system's error, and a file in the way is named."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(OSError, match="file"):
        ArtefactStore(blocked).put(b"x")
    assert blocked.read_text() == "in the way"


def test_text_replaces_what_is_no_utf8(store: ArtefactStore) -> None:
    """Output in another encoding is readable, and its bytes stay as they were."""
    stored = store.put(b"caf\xe9 \xc3\xa9")
    assert stored.text() == "caf\ufffd é"
    assert stored.data() == b"caf\xe9 \xc3\xa9"


def test_memory_and_store_give_the_same_answers(store: ArtefactStore) -> None:
    """Code that reads an output need not know where it is kept."""
    kept, stored = StoredOutput.in_memory(b"out"), store.put(b"out")
    assert (kept.sha256, kept.size_bytes, kept.text()) == (stored.sha256, stored.size_bytes, stored.text())
    assert kept.path is None


def test_a_buffer_keeps_the_beginning_and_remembers_the_end() -> None:
    """Beyond the limit the bytes are counted, and only the last few are at hand for messages."""
    buffer = OutputBuffer(10)
    for number in range(10_000):
        buffer.take(b"%06d " % number)
    stored = buffer.stored(None)
    assert stored.data() == b"000000 000"
    assert stored.truncated
    assert stored.dropped_bytes == 70_000 - 10
    assert buffer.tail().endswith("009998 009999 ")
    assert len(buffer.tail()) == 4096


def test_a_buffer_without_a_working_store_holds_the_bytes(tmp_path: Path) -> None:
    """A store that cannot be written costs the file and not the output."""
    blocked = tmp_path / "file"
    blocked.touch()
    buffer = OutputBuffer(100)
    buffer.take(b"precious")
    stored = buffer.stored(ArtefactStore(blocked))
    assert (stored.path, stored.text()) == (None, "precious")
