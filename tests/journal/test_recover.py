"""What is recovered of a process that died: each finished span once, and its open ones, closed at its last sign."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journal.programs import DECORATED, NESTED, run, start, stop
from tests.journal.written import START_NS, TRACE, Journal, payload, record

from telemetry._hotpath import Chunk, decoded, extent, protobuf
from telemetry.journal import Folder, closed_spans, open_journal, readers, recover
from telemetry.signals import SpanRecord


def spans(chunks: tuple[Chunk, ...]) -> list[SpanRecord]:
    """Read the spans of chunks."""
    return [span for each in chunks for span in decoded([(None, len(each.flags), each.payload)], each.flags)]


def test_open_spans_are_closed_at_the_last_sign(journal: Journal) -> None:
    """An open span ends when its process last showed life, as failed, with the attributes that it had."""
    journal.begin(replace(record(1, "pipeline.run"), end_ns=0), slot=2)
    journal.begin(replace(record(2, "compile.execute", 1, backend="c-gcc"), end_ns=0), slot=1, site=4)
    journal.spans(range(10, 90))
    journal.note(extent.NOTE_SITE, {"name": "compile.execute", "function": "build", "file": "c.py", "line": 33}, 4)
    with open_journal(journal.path) as reader:
        found = recover(reader)
        assert closed_spans(reader) == spans(found.closed)
    run_span, compile_span = spans(found.closed)
    last_ns = record(89).end_ns
    assert found.last_ns == run_span.end_ns == compile_span.end_ns == last_ns
    assert (run_span.status, compile_span.parent_span_id) == ("error", 1)
    died = {"telemetry.recovered": True, "error.type": "process_died"}
    assert compile_span.attributes == {"backend": "c-gcc", **died}
    assert [span.span_id for span in spans(found.finished)] == list(range(10, 90))


def test_the_stage_is_the_innermost_open_span(journal: Journal) -> None:
    """Where a run died is said by name, by the open spans around, and by function, file and line."""
    journal.note(extent.NOTE_SITE, {"name": "compile.execute", "function": "build", "file": "c.py", "line": 33}, 4)
    journal.begin(replace(record(1, "pipeline.run"), end_ns=0), slot=0)
    journal.begin(replace(record(2, "compile.execute", 1), end_ns=0), slot=1, site=4)
    journal.begin(replace(record(3, "spec.parse", 99), end_ns=0), slot=2)
    with open_journal(journal.path) as reader:
        latest, stage = recover(reader).stages
    assert (latest.path, latest.function, latest.line) == (("spec.parse",), "", 0)
    assert stage.path == ("pipeline.run", "compile.execute")
    assert (stage.function, stage.file, stage.line) == ("build", "c.py", 33)


def test_spans_that_are_each_others_parent_end_too(journal: Journal) -> None:
    """Ids that lead in a ring, out of a damaged table, are no reason to go round for ever."""
    journal.begin(replace(record(1, "a", 2), end_ns=0), slot=0)
    journal.begin(replace(record(2, "b", 1), end_ns=0), slot=1)
    journal.begin(replace(record(3, "c", 2), end_ns=0), slot=2)
    with open_journal(journal.path) as reader:
        (stage,) = recover(reader).stages
    assert stage.path == ("a", "b", "c")


def test_a_span_never_ends_before_it_began(journal: Journal) -> None:
    """Where the open span is itself the last sign, it lasted no time that anybody knows of."""
    journal.spans([1])
    journal.begin(replace(record(500), end_ns=0))
    with open_journal(journal.path) as reader:
        (span,) = spans(recover(reader).closed)
    assert span.end_ns == span.start_ns == START_NS + 500_000


def test_log_records_are_signs_of_life(journal: Journal) -> None:
    """The time of a log record counts as one, when nothing else came after it."""
    journal.begin(replace(record(1), end_ns=0))
    later = START_NS + 10**9
    log = protobuf.message(0x12, b"\x09" + later.to_bytes(8, "little") + protobuf.optional(0x1A, "WARN"))
    journal.put(log, state=extent.LOG)
    with open_journal(journal.path) as reader:
        assert recover(reader).last_ns == later


def test_what_was_shipped_does_not_come_again(journal: Journal) -> None:
    """Finished spans come from the cursor on; open ones that somebody closed and shipped are only named."""
    journal.spans(range(1, 11))
    journal.begin(replace(record(50), end_ns=0))
    with open_journal(journal.path) as reader:
        journal.set(extent.CURSOR, reader.batch(0, most=6, claim=False).cursor)
        journal.set(extent.SPANS_CLOSED, 1)
        found = recover(reader)
    assert [span.span_id for span in spans(found.finished)] == [7, 8, 9, 10]
    assert found.closed == ()
    assert len(found.stages) == 1


def test_recovering_changes_nothing(journal: Journal) -> None:
    """A journal can be recovered as often as one likes: not a byte of it changes."""
    journal.spans(range(1, 100))
    journal.begin(replace(record(500), end_ns=0))
    before = journal.path.read_bytes()
    with open_journal(journal.path) as reader:
        first, second = recover(reader), recover(reader)
    assert spans(first.finished) == spans(second.finished)
    assert journal.path.read_bytes() == before


def test_what_is_torn_and_corrupt_is_said(journal: Journal) -> None:
    """Records that were not written to their end, or rotted, are counted beside those that were recovered."""
    places = journal.spans(range(1, 6))
    journal.open_record(50)
    journal.spans([7])
    journal.flip(places[1] + 40, 3)
    with open_journal(journal.path) as reader:
        found = recover(reader)
    assert [span.span_id for span in spans(found.finished)] == [1, 3, 4, 5, 7]
    assert (found.torn, found.corrupt) == (1, 1)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_killed_process(tmp_path: Path, how: signal.Signals) -> None:
    """Of a process that is killed for real every finished span is recovered once, and the open ones are named."""
    process = start(NESTED, tmp_path / "j", "700", end="signal.pause()")
    process.send_signal(how)
    assert process.wait() == -how
    (reader,) = readers(Folder.open(tmp_path / "j"))
    with reader:
        found = recover(reader)
    finished = spans(found.finished)
    assert len({span.span_id for span in finished}) == len(finished) == 700
    assert {span.name for span in finished} == {"spec.parse"}
    (stage,) = found.stages
    assert stage.path == ("pipeline.run", "compile.execute")
    outer, inner = spans(found.closed)
    assert inner.parent_span_id == outer.span_id
    assert {span.parent_span_id for span in finished} == {outer.span_id}
    assert {span.trace_id for span in finished} == {inner.trace_id} != {TRACE}
    stop(process)


def test_a_decorated_function_is_named_with_its_place(tmp_path: Path) -> None:
    """The site of a decorated function says its name, its file and its line."""
    run(DECORATED, tmp_path / "j")
    (reader,) = readers(Folder.open(tmp_path / "j"))
    with reader:
        (stage,) = recover(reader).stages
    assert (stage.record.name, stage.function.rpartition(".")[2], stage.file) == ("spec.parse", "parse", "<string>")
    assert stage.line > 0


def test_a_span_that_nobody_ended(tmp_path: Path) -> None:
    """A process that ends in order with a span still open leaves it as such: it did not die in it."""
    program = "span = telemetry.span('pipeline.run').__enter__()\nruntime.shutdown()\nos._exit(0)"
    run(program, tmp_path / "j")
    for reader in readers(Folder.open(tmp_path / "j")):
        with reader:
            assert [span.attributes["error.type"] for span in closed_spans(reader)] in ([], ["left_open"])


def test_payloads_are_as_they_were_written(journal: Journal) -> None:
    """Recovered bytes are the bytes that were recorded, so that whoever has them already knows them again."""
    journal.spans([1, 2])
    with open_journal(journal.path) as reader:
        (chunk,) = recover(reader).finished
    assert chunk.payload == payload(record(1)) + payload(record(2))
