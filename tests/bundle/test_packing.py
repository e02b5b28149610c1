"""A bundle has what was recorded, and is the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import subprocess
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from tests.bundle.bundles import DEATH_NS, LOGS, SPANS, members, packed, written
from tests.journal.written import Journal, record

from telemetry._hotpath import extent, layout
from telemetry.errors import JournalError
from telemetry.export.replay import processes
from telemetry.journal import FileMemory, Folder, open_journal
from telemetry.journal.bundle import Bundle, Redaction, verify
from telemetry.journal.bundle.copy import copy_journal

PROCESS = "processes/0000-4711-99-3e8"


def test_equal_input_makes_equal_bytes(tmp_path: Path, journals: Path, key: Ed25519PrivateKey) -> None:
    """Packed twice, in different folders and seconds, a bundle is the same file, signature included."""
    one, two = tmp_path / "one.tar.gz", tmp_path / "deeper" / "two.tar.gz"
    packed(one, journals, key)
    packed(two, journals, key)
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_behind(tmp_path: Path, journals: Path) -> None:
    """Beside the bundle there is no temporary file afterwards, and the journals are as they were."""
    before = {path.name: path.read_bytes() for path in journals.glob("*.journal")}
    packed(tmp_path / "out" / "b.tar.gz", journals)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.tar.gz"]
    assert {path.name: path.read_bytes() for path in journals.glob("*.journal")} == before


def test_the_records_are_otlp(tmp_path: Path, journals: Path) -> None:
    """The official types read spans and log records back, each once, with their resource and scope."""
    packed(tmp_path / "b.tar.gz", journals)
    content = members(tmp_path / "b.tar.gz")
    traces, logs = TracesData(), LogsData()
    traces.ParseFromString(content[f"{PROCESS}/spans.otlp"])
    logs.ParseFromString(content[f"{PROCESS}/logs.otlp"])
    spans = [span for one in traces.resource_spans for scope in one.scope_spans for span in scope.spans]
    assert [int.from_bytes(span.span_id, "big") for span in spans] == list(range(1, SPANS + 1))
    assert {scope.scope.name for one in traces.resource_spans for scope in one.scope_spans} == {"telemetry", "library"}
    resource = {pair.key: pair.value.string_value for pair in traces.resource_spans[0].resource.attributes}
    assert resource["service.name"] == "specc"
    records = [each for one in logs.resource_logs for scope in one.scope_logs for each in scope.log_records]
    assert [each.body.string_value for each in records] == ["compile.start"] * LOGS


def test_the_manifest_names_everything(tmp_path: Path, journals: Path, key: Ed25519PrivateKey) -> None:
    """Each member stands in the manifest with size and hash; the process with its state, times and counts."""
    manifest = packed(tmp_path / "b.tar.gz", journals, key)
    content = members(tmp_path / "b.tar.gz")
    document = json.loads(content.pop("manifest.json"))
    signature = content.pop("manifest.sig")
    assert {each["name"]: each["sha256"] for each in document["members"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in content.items()
    }
    assert {each["name"]: each["size"] for each in document["members"]} == {
        name: len(data) for name, data in content.items()
    }
    (process,) = manifest.processes
    assert (process.pid, process.started_ticks, process.state, process.seen_ns) == (4711, 99, "died", DEATH_NS)
    assert (process.spans, process.logs, process.recovered) == (SPANS, LOGS, 1)
    assert len(signature) == 64
    assert document["created"] == 1_700_000_000


def test_any_tar_reads_it(tmp_path: Path, journals: Path) -> None:
    """GNU tar lists the members: the manifest first, the others in the order of their names."""
    packed(tmp_path / "b.tar.gz", journals)
    listed = subprocess.run(["tar", "tzf", tmp_path / "b.tar.gz"], check=True, capture_output=True, text=True)
    names = listed.stdout.splitlines()
    assert listed.stderr == ""
    assert names[0] == "manifest.json"
    assert names[1:] == sorted(names[1:])
    assert f"{PROCESS}/journal" in names


def test_the_raw_journal_is_read_as_the_original(tmp_path: Path, journals: Path) -> None:
    """The copy of a journal has the records, notes, pages and open spans of the original."""
    packed(tmp_path / "b.tar.gz", journals)
    copy = tmp_path / "copy.journal"
    copy.write_bytes(members(tmp_path / "b.tar.gz")[f"{PROCESS}/journal"])
    (original,) = journals.glob("*.journal")
    with open_journal(original, only_read=True) as one, open_journal(copy, only_read=True) as two:
        assert two.identity == one.identity
        assert two.pending() == one.pending() == (SPANS, LOGS)
        assert (two.resource, two.sites(), two.counts()) == (one.resource, one.sites(), one.counts())
        assert two.snapshots() == one.snapshots() != []
        assert two.open_spans() == one.open_spans() != []


def test_what_was_shipped_stays_out(tmp_path: Path, journals: Path) -> None:
    """Spans before the shipper's cursor have arrived elsewhere, and are not in the OTLP members."""
    (path,) = journals.glob("*.journal")
    with open_journal(path) as reader:
        reader.memory.put(extent.CURSOR, reader.batch(0, most=30).cursor)
        reader.release()
    (process,) = packed(tmp_path / "b.tar.gz", journals).processes
    assert (process.spans, process.logs) == (SPANS - 30, LOGS)


def test_a_process_that_lives_is_running(tmp_path: Path, journals: Path) -> None:
    """Whose key somebody holds lives: nothing of it is closed, and its open span stays in the raw journal only."""
    folder = Folder.open(journals)
    assert folder.hold(1000)
    try:
        (process,) = packed(tmp_path / "b.tar.gz", journals).processes
    finally:
        folder.release(1000)
    assert (process.state, process.recovered) == ("running", 0)


def test_unreadable_journals_are_named(tmp_path: Path, journals: Path) -> None:
    """A file that is no journal is left out, named with the reason, and keeps nobody from packing the others."""
    (journals / "1-2-a.journal").write_bytes(b"garbage" * 1000)
    (journals / "1-2-c.journal").write_bytes(b"")
    manifest = packed(tmp_path / "b.tar.gz", journals)
    assert sorted(manifest.unreadable) == ["1-2-a.journal", "1-2-c.journal"]
    assert "does not begin as a journal" in manifest.unreadable["1-2-a.journal"]
    assert str(journals) not in json.dumps(dict(manifest.unreadable))
    assert len(manifest.processes) == 1
    assert verify(tmp_path / "b.tar.gz").is_passed


def test_a_damaged_record_is_left_out(tmp_path: Path, journals: Path) -> None:
    """A flipped bit in a journal costs one record; the rest is packed, and verification says that one was damaged."""
    (path,) = journals.glob("*.journal")
    data = bytearray(path.read_bytes())
    data[data.rindex(b"plus") + 1] ^= 4
    path.write_bytes(data)
    (process,) = packed(tmp_path / "b.tar.gz", journals).processes
    assert process.spans == SPANS - 1
    found = verify(tmp_path / "b.tar.gz")
    assert found.is_passed
    assert any("1 are damaged" in finding.problem for finding in found.findings)


def test_several_processes(tmp_path: Path, journals: Path) -> None:
    """Each process has a folder of its own; the totals of the ledger are their sum."""
    written(journals / "12-5-7d0.journal", key=2000, instance="aa" * 16, first=1000).close()
    manifest = packed(tmp_path / "b.tar.gz", journals)
    assert [process.key for process in manifest.processes] == ["7d0", "3e8"]
    assert manifest.totals["started"] == 2 * (SPANS + 1)
    assert (manifest.totals["pending"], manifest.totals["open"]) == (2 * SPANS, 2)


def test_artefacts_are_hashes_unless_asked_for(tmp_path: Path, journals: Path) -> None:
    """Of a store go hashes and sizes, and the artefacts themselves only with the option; damage is named."""
    from telemetry.pipeline import ArtefactStore

    store = ArtefactStore(tmp_path / "store")
    good, bad = store.put(b"warning: unused"), store.put(b"other")
    assert bad.path is not None
    bad.path.write_bytes(b"othe?")
    (tmp_path / "store" / "notes.txt").write_text("no artefact")
    packed(tmp_path / "b.tar.gz", journals, artefacts=[tmp_path / "store"])
    content = members(tmp_path / "b.tar.gz")
    listed = {each["sha256"]: each for each in json.loads(content["artefacts.json"])["artefacts"]}
    assert listed[good.sha256] == {"sha256": good.sha256, "size": 15, "sound": True}
    assert listed[bad.sha256]["sound"] is False
    assert len(listed) == 2
    assert not any(name.startswith("artefacts/") for name in content)
    packed(tmp_path / "b.tar.gz", journals, artefacts=[tmp_path / "store"], with_artefacts=True)
    assert members(tmp_path / "b.tar.gz")[f"artefacts/{good.sha256}"] == b"warning: unused"


def test_logs_lose_their_secrets(tmp_path: Path) -> None:
    """Each line of a log file is looked at; one without secrets stays as it is, byte for byte."""
    log = tmp_path / "a b.jsonl"
    log.write_bytes(b'{"event":"x"}\r\n{"password":"hunter2"}\n\xff\xfe')
    redaction = Redaction(lambda *_: False, lambda line: line.replace("hunter2", "[redacted]"))
    manifest = packed(tmp_path / "b.tar.gz", None, logs=[log], redaction=redaction)
    content = members(tmp_path / "b.tar.gz")["logs/0000-a_b.jsonl"]
    assert content == b'{"event":"x"}\r\n{"password":"[redacted]"}\n\xff\xfe'
    assert manifest.redaction == {"values": 0, "values_found": 0, "log_lines": 3, "log_lines_cleaned": 1}


def test_what_looks_like_a_secret_is_not_packed(tmp_path: Path, journals: Path) -> None:
    """A value that the recorders should have redacted stops the packing, names its places, and leaves no file."""
    output = tmp_path / "b.tar.gz"

    def redaction() -> Redaction:
        return Redaction(lambda name, value: (name, value) == ("operator", "plus"), lambda line: line)

    with pytest.raises(JournalError, match=rf"look like secrets.*{PROCESS}/spans.otlp@\d+: 'operator'"):
        packed(output, journals, redaction=redaction())
    assert not output.exists()
    manifest = packed(output, journals, redaction=redaction(), keep_found=True)
    assert manifest.redaction["values_found"] == SPANS - 5


def test_the_registry_goes_along(tmp_path: Path) -> None:
    """The packs and files in force are in the bundle as documents, and load to the same contracts elsewhere."""
    from telemetry.contracts import load_registry
    from telemetry.journal.bundle import Bundle, Selection, pack

    own = tmp_path / "own.json"
    metric = {"name": "solver_runs_total", "kind": "counter", "unit": "count", "labels": ["environment"], "owner": "a"}
    document = {"name": "own", "extends": ["pipeline"], "metrics": [{**metric, "description": "Runs."}]}
    own.write_text(json.dumps(document))
    registry = load_registry(own)
    pack(Selection(registry, Redaction(lambda *_: False, str), 0), tmp_path / "b.tar.gz")
    own.unlink()
    with Bundle.open(tmp_path / "b.tar.gz") as bundle:
        assert bundle.registry.metrics == registry.metrics
        assert bundle.registry.spans == registry.spans


def test_a_place_that_cannot_be_written(tmp_path: Path, journals: Path) -> None:
    """A bundle that cannot be written is one sentence that says where."""
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="no bundle can be written there"):
        packed(tmp_path / "file" / "b.tar.gz", journals)


def test_a_journal_is_copied_while_it_is_written(tmp_path: Path, journals: Path) -> None:
    """While the ring goes round under the copying, every packed span is whole and stands there once, in order."""
    folder = Folder.open(journals)
    journal = Journal(journals / "9-9-1f4.journal", key=500, segment=4096, segments=4)
    assert folder.hold(500)
    done = Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            if journal.head + 200 > journal.limit and journal.generation >= 4:
                journal.turn(place=journal.ring_at + journal.generation % 4 * journal.segment)
            journal.span(record(number))

    thread = Thread(target=write)
    thread.start()
    try:
        for attempt in range(8):
            manifest = packed(tmp_path / f"{attempt}.tar.gz", journals)
            (process,) = (each for each in manifest.processes if each.key == "1f4")
            content = members(tmp_path / f"{attempt}.tar.gz").get(f"{process.folder}/spans.otlp", b"")
            traces = TracesData.FromString(content)
            spans = [span for one in traces.resource_spans for scope in one.scope_spans for span in scope.spans]
            numbers = [int.from_bytes(span.span_id, "big") for span in spans]
            assert numbers == sorted(set(numbers))
            assert process.ledger["corrupt"] == 0
            assert verify(tmp_path / f"{attempt}.tar.gz").is_passed
        assert numbers
    finally:
        done.set()
        thread.join()
        journal.close()
        folder.release(500)


def test_a_segment_that_is_used_again_is_copied_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two reads of one segment its process goes round to it: the copy has the new records, and no mixture."""
    journal = Journal(tmp_path / "1-1-3e8.journal", segment=16384, segments=1)
    journal.spans(range(1, 120), operator="plus")
    rounds = iter((range(1000, 1003), range(2000, 2050)))
    read = FileMemory.read

    def read_and_go_round(memory: FileMemory, at: int, size: int) -> bytes:
        found = read(memory, at, size)
        if at == journal.ring_at and size == 4096 and (numbers := next(rounds, None)):
            journal.turn(place=journal.ring_at)
            journal.spans(numbers, operator="a longer word")
        return found

    monkeypatch.setattr("telemetry.journal.bundle.copy._PIECE", 4096)
    monkeypatch.setattr(FileMemory, "read", read_and_go_round)
    copy_journal(journal.path, tmp_path / "copy.journal")
    monkeypatch.undo()
    journal.close()
    with open_journal(tmp_path / "copy.journal", only_read=True) as reader:
        found = reader.survey()
        assert (found.spans, found.torn, found.corrupt) == (50, 0, 0)


def test_a_slot_that_never_stands_still_is_left_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open span that changes at each look is left out of the copy; the others are there, whole."""
    journal = Journal(tmp_path / "1-1-3e8.journal")
    journal.begin(record(1, "steady"), slot=0)
    read, numbers = FileMemory.read, count(2)

    def read_and_begin(memory: FileMemory, at: int, size: int) -> bytes:
        if at == journal.table_at and size > 8:
            journal.begin(record(next(numbers), "restless"), slot=1)
        return read(memory, at, size)

    monkeypatch.setattr(FileMemory, "read", read_and_begin)
    copy_journal(journal.path, tmp_path / "copy.journal")
    monkeypatch.undo()
    journal.close()
    with open_journal(tmp_path / "copy.journal", only_read=True) as reader:
        assert [span.name for span in reader.open_spans()] == ["steady"]


def test_what_is_added_meanwhile_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scope that is noted while the ring is copied is in the copy, as a record may name it."""
    journal = Journal(tmp_path / "1-1-3e8.journal")
    journal.note(extent.NOTE_TERMS, {"service": "specc"})
    journal.spans([1])
    read, numbers = FileMemory.read, iter(range(1, 4))

    def read_and_note(memory: FileMemory, at: int, size: int) -> bytes:
        if at == journal.ring_at and (number := next(numbers, None)):
            journal.note(extent.NOTE_SITE, {"name": f"site-{number}"}, number)
        return read(memory, at, size)

    monkeypatch.setattr(FileMemory, "read", read_and_note)
    copy_journal(journal.path, tmp_path / "copy.journal")
    monkeypatch.undo()
    journal.close()
    with open_journal(tmp_path / "copy.journal", only_read=True) as reader:
        assert {site["name"] for site in reader.sites().values()} == {"site-1", "site-2", "site-3"}


def test_a_damaged_page_costs_what_is_behind_it(tmp_path: Path, journals: Path) -> None:
    """A metric page that was damaged in the journal is named with its place, and what comes before it is replayed."""
    (path,) = journals.glob("*.journal")
    data = bytearray(path.read_bytes())
    entry = data.rindex(b'["backend_missing_binaries"') - layout.ENTRY_WORDS * layout.WORD
    data[entry : entry + 4] = bytes(4)
    path.write_bytes(data)
    packed(tmp_path / "b.tar.gz", journals)
    found = verify(tmp_path / "b.tar.gz")
    assert found.is_passed
    assert any("of metric page 0: an entry says something impossible" in each.problem for each in found.findings)
    with Bundle.open(tmp_path / "b.tar.gz") as bundle:
        (process,) = processes(bundle)
    assert [family.name for family in process.families] == ["compile_success_total"]
