"""The export worker, towards collectors that take, refuse, hang, or are not there."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from threading import enumerate as living_threads
from time import monotonic, process_time, sleep

import pytest
from tests.collector import HANG, OK, Collector, eventually, partial, slow, status

from telemetry._hotpath import extent
from telemetry.export import ExportWorker, Schedule
from telemetry.export.otlp import OtlpExporter
from telemetry.signals import Family

from .families import COUNTER, Fixed
from .recorder import Recorder
from .records import LOG, RESOURCE
from .servers import free_port, in_child, silent_listener

ROOT = Path(__file__).parents[2]
RARELY = Schedule(delay_seconds=60, metrics_seconds=60, retry_seconds=0.1)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A running collector."""
    with Collector() as running:
        yield running


@pytest.fixture
def recorder() -> Recorder:
    """The anonymous memory of a process."""
    return Recorder()


def worker_to(
    url: str, recorder: Recorder, *, schedule: Schedule = RARELY, metrics: bool = False, timeout_seconds: float = 10.0
) -> ExportWorker:
    """Make a worker that ships a recorder's memory to a URL."""
    exporter = OtlpExporter(url, RESOURCE, timeout_seconds=timeout_seconds)
    worker = ExportWorker(exporter, recorder.region, Fixed([COUNTER]) if metrics else None, schedule=schedule)
    recorder.ring.wake = worker.wake
    return worker


def test_both_kinds_of_records_leave(collector: Collector, recorder: Recorder) -> None:
    """What was recorded as spans and as log records arrives, and is counted."""
    worker = worker_to(collector.url, recorder)
    ids = recorder.spans(2)
    recorder.logs(1)
    assert worker.shutdown()
    assert list(collector.spans) == ids
    assert len(collector.logs) == 1
    assert (worker.exported(), worker.losses()) == ({"spans": 2, "logs": 1}, {})


def test_records_leave_after_the_delay(collector: Collector, recorder: Recorder) -> None:
    """A few records need no full segment and no flush to arrive."""
    worker = worker_to(collector.url, recorder, schedule=Schedule(delay_seconds=0.05))
    worker.start()
    for number in (1, 2):
        recorder.spans(1)
        assert eventually(lambda number=number: len(collector.spans) == number)  # type: ignore[misc]
    assert worker.shutdown()


def test_success_is_silent(collector: Collector, recorder: Recorder, capfd: pytest.CaptureFixture[str]) -> None:
    """While the endpoint takes everything, nothing is written anywhere."""
    worker = worker_to(collector.url, recorder, metrics=True)
    recorder.spans(600)
    assert worker.flush()
    assert worker.shutdown()
    assert capfd.readouterr() == ("", "")


def test_a_full_segment_leaves_at_once(collector: Collector, recorder: Recorder) -> None:
    """A segment that is full does not wait for the delay, and the first one starts the thread."""
    worker = worker_to(collector.url, recorder)
    ids = recorder.spans(5_000)
    assert eventually(lambda: len(collector.spans) > 1_000)
    assert worker.shutdown()
    assert list(collector.spans) == ids


def test_batches_are_bounded_in_number(collector: Collector, recorder: Recorder) -> None:
    """No request has more than 512 records, or less where that is set, and the records arrive in order."""
    worker = worker_to(collector.url, recorder)
    ids = recorder.spans(1_100)
    assert worker.flush()
    assert [arrival.records for arrival in collector.arrivals] == [512, 512, 76]
    assert list(collector.spans) == ids
    assert worker.shutdown()


def test_the_batch_size_is_a_setting(collector: Collector, recorder: Recorder) -> None:
    """`OTEL_BSP_MAX_EXPORT_BATCH_SIZE` bounds requests."""
    worker = worker_to(collector.url, recorder, schedule=Schedule(batch_size=40, delay_seconds=60))
    recorder.spans(100)
    assert worker.shutdown()
    assert [arrival.records for arrival in collector.arrivals] == [40, 40, 20]


def test_batches_are_bounded_in_size(collector: Collector) -> None:
    """No request is larger than 512 KiB, but for one that holds a single larger span."""
    recorder = Recorder(ring_bytes=16 << 20)
    worker = worker_to(collector.url, recorder)
    recorder.spans(300, value="x" * 5_000)
    recorder.spans(1, value="y" * 600_000)
    assert worker.shutdown()
    assert len(collector.spans) == 301
    sizes = [arrival.body_bytes for arrival in collector.arrivals]
    assert sum(size > 512 * 1024 for size in sizes) == 1
    assert sizes[-1] > 600_000


def test_a_large_resource_counts(collector: Collector, recorder: Recorder) -> None:
    """A resource that takes much of a request leaves less of it to the records, to the byte."""
    recorder.region.note(extent.NOTE_RESOURCE, 0, b"\x0a\x90\xf1\x04" + b"\x0a\x8c\xf1\x04" + b"r" * 80_012)
    worker = worker_to(collector.url, recorder)
    recorder.spans(400, value="x" * 1_200)
    assert worker.shutdown()
    assert len(collector.spans) == 400
    assert all(80_000 < arrival.body_bytes < 512 * 1024 for arrival in collector.arrivals)


def test_no_delay_keeps_no_core_busy(collector: Collector, recorder: Recorder) -> None:
    """With a delay of zero records leave at once, and the thread sleeps between them."""
    worker = worker_to(collector.url, recorder, schedule=Schedule(delay_seconds=0.0))
    worker.start()
    recorder.spans(1)
    assert eventually(lambda: len(collector.spans) == 1)
    began = process_time()
    sleep(0.5)
    assert process_time() - began < 0.25
    assert worker.shutdown()


def test_metrics_are_pushed_at_the_interval(collector: Collector, recorder: Recorder) -> None:
    """The state of all families arrives again and again, without anybody asking, and the journal says when."""
    worker = worker_to(collector.url, recorder, schedule=Schedule(metrics_seconds=0.05), metrics=True)
    worker.start()
    assert eventually(lambda: len(collector.arrivals) >= 3)
    assert worker.shutdown()
    assert set(collector.metrics) == {"compile_success_total"}
    assert worker.exported()["metrics"] == len(collector.arrivals)
    assert recorder.counted("metrics_shipped_ns")[0] > 1_700_000_000_000_000_000


def test_last_metrics_are_pushed_at_shutdown(collector: Collector, recorder: Recorder) -> None:
    """A short run that ends before the first interval still delivers its metrics, even if nothing was started."""
    assert worker_to(collector.url, recorder, metrics=True).shutdown()
    assert set(collector.metrics) == {"compile_success_total"}


def test_nothing_is_sent_when_there_is_nothing(collector: Collector, recorder: Recorder) -> None:
    """A worker beside which nothing was recorded makes no thread and no request."""
    before = set(living_threads())
    worker = worker_to(collector.url, recorder)
    assert set(living_threads()) == before
    assert worker.shutdown()
    assert collector.arrivals == []


def test_a_kind_that_is_not_sent_is_passed_over(collector: Collector, recorder: Recorder) -> None:
    """Where only log records are to be sent, spans neither leave nor hold anything up, and are not called exported."""
    exporter = OtlpExporter(collector.url, RESOURCE)
    worker = ExportWorker(exporter, recorder.region, kinds={extent.LOG}, schedule=RARELY)
    recorder.spans(5)
    recorder.logs(2)
    assert worker.shutdown()
    assert (len(collector.spans), len(collector.logs)) == (0, 2)
    assert worker.exported() == {"logs": 2}


def test_flush_waits_for_what_was_recorded(collector: Collector, recorder: Recorder) -> None:
    """After a flush that returns true, everything that was recorded before has arrived, metrics included."""
    worker = worker_to(collector.url, recorder, metrics=True)
    for number in range(3):
        recorder.spans(10)
        recorder.logs(1)
        assert worker.flush()
        assert (len(collector.spans), len(collector.logs)) == (10 * (number + 1), number + 1)
    assert set(collector.metrics) == {"compile_success_total"}
    assert worker.shutdown()


def test_flushes_of_several_threads(collector: Collector, recorder: Recorder) -> None:
    """Each of several threads that flush at once finds its own record delivered."""
    worker = worker_to(collector.url, recorder)
    results: list[bool] = []

    def feed() -> None:
        recorder.logs(1)
        results.append(worker.flush())

    threads = [Thread(target=feed) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
    assert len(collector.logs) == 8
    assert worker.shutdown()


def test_flush_ends_while_others_go_on_recording(collector: Collector, recorder: Recorder) -> None:
    """A flush waits for what was recorded before it, not for what comes meanwhile."""
    worker = worker_to(collector.url, recorder)
    recorder.spans(100)
    collector.always(slow(0.01))
    over = False

    def record() -> None:
        while not over:
            recorder.spans(10)
            sleep(0.001)

    thread = Thread(target=record)
    thread.start()
    began = monotonic()
    assert worker.flush(5)
    assert monotonic() - began < 2
    over = True
    thread.join()
    worker.shutdown()


def test_flush_comes_back_when_the_endpoint_does(collector: Collector, recorder: Recorder) -> None:
    """A flush goes on trying until its time is over."""
    collector.fail_next(status(503), status(503))
    worker = worker_to(collector.url, recorder)
    recorder.spans(3)
    assert worker.flush(5)
    assert len(collector.spans) == 3
    assert worker.shutdown()


def test_a_refused_batch_is_lost_and_the_rest_arrives(
    collector: Collector, recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    """A batch that the endpoint refuses for good is counted by reason, and said; later ones are sent all the same."""
    collector.fail_next(status(400, message="no such tenant"))
    worker = worker_to(collector.url, recorder)
    recorder.spans(600)
    assert not worker.flush()
    assert len(collector.spans) == 88
    assert (worker.losses(), worker.exported()) == ({"refused": 512}, {"spans": 88})
    assert recorder.counted("spans_shipped", "spans_refused") == [88, 512]
    assert not worker.shutdown()
    first, _ = capsys.readouterr().err.splitlines()
    assert f"{collector.url} refuses what it gets: HTTP 400 Bad Request no such tenant; " in first
    assert "lost so far: refused 512" in first


def test_partial_success_is_counted(collector: Collector, recorder: Recorder) -> None:
    """What the endpoint rejects out of a request that it takes is lost and counted, and nothing is sent again."""
    collector.fail_next(partial(3, "too old"))
    worker = worker_to(collector.url, recorder)
    recorder.spans(10)
    assert not worker.flush()
    assert (worker.losses(), worker.exported()) == ({"rejected": 3}, {"spans": 7})
    assert len(collector.arrivals) == 1
    worker.shutdown()


def test_after_shutdown_nothing_waits(collector: Collector, recorder: Recorder) -> None:
    """After the shutdown neither flush nor wake nor another shutdown does anything."""
    worker = worker_to(collector.url, recorder)
    assert worker.shutdown()
    recorder.spans(3)
    worker.wake()
    assert not worker.flush()
    assert not worker.shutdown()
    assert collector.arrivals == []


def test_shutdown_where_nobody_listens(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    """With the collector away, shutdown keeps its deadline, counts everything, and says so in one line."""
    worker = worker_to(f"http://127.0.0.1:{free_port()}", recorder, metrics=True)
    recorder.spans(600)
    recorder.logs(1)
    began = monotonic()
    assert not worker.shutdown(0.6)
    assert monotonic() - began < 1.5
    assert worker.losses() == {"export_timeout": 601}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("telemetry: not everything went to http://127.0.0.1:")
    assert (
        "within 0.6 s: [Errno 111] Connection refused; the last metrics did not leave; lost so far: export_timeout 601"
        in line
    )


def test_metrics_that_do_not_arrive_are_told(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that recorded nothing but metrics does not lose them in silence."""
    worker = worker_to(f"http://127.0.0.1:{free_port()}", recorder, metrics=True)
    assert not worker.shutdown(0.3)
    assert worker.losses() == {}
    assert sum(worker.losses("metrics").values()) >= 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Connection refused" in line


def test_shutdown_where_nobody_answers(recorder: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    """An endpoint that accepts and never answers costs the deadline once, for all three signals together."""
    with silent_listener() as url:
        worker = worker_to(url, recorder, metrics=True)
        recorder.spans(600)
        recorder.logs(1)
        began = monotonic()
        assert not worker.shutdown(0.6)
        assert monotonic() - began < 1.5
    assert worker.losses() == {"export_timeout": 601}
    (line,) = capsys.readouterr().err.splitlines()
    assert f"not everything went to {url} within 0.6 s" in line


def test_what_is_answered_too_late_is_not_counted_twice(collector: Collector, recorder: Recorder) -> None:
    """An answer after the deadline changes no count: the records were given up, though they arrive."""
    collector.always(slow(0.5))
    worker = worker_to(collector.url, recorder)
    recorder.spans(5)
    assert not worker.shutdown(0.2)
    assert eventually(lambda: len(collector.spans) == 5)
    sleep(0.1)
    assert (worker.exported(), worker.losses()) == ({}, {"export_timeout": 5})
    assert recorder.counted("cursor", "spans_shipped") == [0, 0]


def test_the_endpoint_s_own_pause_is_kept(collector: Collector, recorder: Recorder) -> None:
    """An endpoint that asks to be left alone is left alone by flushes too, and does not hold up the end."""
    collector.always(status(429, retry_after="30"))
    worker = worker_to(collector.url, recorder)
    recorder.spans(5)
    assert not worker.flush(0.4)
    assert not worker.flush(0.4)
    began = monotonic()
    assert not worker.shutdown(1.0)
    assert monotonic() - began < 0.5  # there is nothing to wait for
    assert len(collector.arrivals) == 1
    assert worker.losses() == {"export_timeout": 5}


def test_flush_keeps_its_timeout(recorder: Recorder) -> None:
    """A flush towards an endpoint that hangs returns false when its time is over, and the host goes on."""
    with silent_listener() as url:
        worker = worker_to(url, recorder)
        recorder.spans(1)
        began = monotonic()
        assert not worker.flush(0.3)
        assert monotonic() - began < 0.5
        worker.shutdown(0)


def test_recording_never_waits(recorder: Recorder) -> None:
    """While an export hangs, recording more takes no longer than writing it."""
    with silent_listener() as url:
        worker = worker_to(url, recorder)
        recorder.spans(10)
        worker.wake()
        sleep(0.5)
        began = monotonic()
        recorder.spans(10_000)
        assert monotonic() - began < 1.5
        worker.shutdown(0)


def test_a_source_that_fails_does_not_stop_the_worker(
    collector: Collector, recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error in the snapshot of the metrics costs that push; spans still leave."""

    class Failing:
        """A source without a snapshot."""

        def families(self) -> Sequence[Family]:
            """Fail."""
            raise LookupError("no page")

    worker = ExportWorker(OtlpExporter(collector.url, RESOURCE), recorder.region, Failing(), schedule=RARELY)
    recorder.spans(1)
    assert not worker.flush()
    recorder.spans(1)
    assert not worker.shutdown()
    assert len(collector.spans) == 2
    assert "no page" in capsys.readouterr().err


def test_every_record_is_accounted_for(collector: Collector) -> None:
    """Recorded by many threads, with refusals between, what was recorded equals what arrived and what was counted."""
    recorder = Recorder()
    collector.fail_next(*[OK, status(400), status(503)] * 5)
    worker = worker_to(
        collector.url, recorder, schedule=Schedule(batch_size=50, delay_seconds=0.01, retry_seconds=0.05)
    )

    def feed() -> None:
        for _ in range(40):
            recorder.spans(10)

    threads = [Thread(target=feed) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.flush(10)
    worker.shutdown(5)
    assert worker.exported()["spans"] == len(collector.spans) == sum(collector.spans.values())
    assert len(collector.spans) + sum(worker.losses().values()) == 2000
    shipped, refused, overwritten = recorder.counted("spans_shipped", "spans_refused", "spans_overwritten")
    assert (shipped + refused, overwritten) == (2000, 0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_a_forked_child_exports_its_own(collector: Collector, recorder: Recorder) -> None:
    """A child begins with an empty journal and counts, on connections of its own; the parent's records leave once."""
    worker = worker_to(collector.url, recorder)
    ids = recorder.spans(3)
    assert worker.flush()
    ids += recorder.spans(2)

    def arrives() -> bool:
        recorder.spans(1)
        return worker.shutdown() and worker.exported() == {"spans": 1}

    child = in_child(arrives)
    assert os.waitpid(child, 0)[1] == 0
    parents, childs, *_ = collector.arrivals
    assert parents.client_port != childs.client_port
    assert worker.shutdown()
    assert collector.arrivals[-1].client_port == parents.client_port
    assert worker.exported() == {"spans": 5}
    assert set(ids) <= set(collector.spans)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_fork_during_an_export(collector: Collector, recorder: Recorder) -> None:
    """A child that is forked while the parent's export hangs inherits neither the export nor a held lock."""
    with silent_listener() as url:
        hanging = worker_to(url, recorder)
        recorder.spans(5)
        hanging.wake()
        sleep(0.5)

        def keeps_deadline() -> bool:
            recorder.spans(1)
            return not hanging.shutdown(0.3) and hanging.losses() == {"export_timeout": 1}

        def arrives() -> bool:
            other = Recorder()
            worker = worker_to(collector.url, other)
            other.logs(1)
            return worker.shutdown()

        child = in_child(lambda: keeps_deadline() and arrives())
        assert os.waitpid(child, 0)[1] == 0
        hanging.shutdown(0)


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize("kept", [False, True])
def test_a_process_ends_within_the_deadline(tmp_path: Path, *, listens: bool, kept: bool) -> None:
    """A whole process with all three signals ends a second after its last line, whatever the endpoint does."""
    code = """
        import sys, time
        from pathlib import Path
        from telemetry.export import ExportWorker
        from telemetry.export.otlp import OtlpExporter
        from tests.export.families import Fixed
        from tests.export.recorder import Recorder
        from tests.export.records import RESOURCE
        recorder = Recorder(Path(sys.argv[2]) if sys.argv[2] else None)
        worker = ExportWorker(OtlpExporter(sys.argv[1], RESOURCE), recorder.region, Fixed())
        worker.start()
        recorder.spans(1)
        recorder.logs(1)
        began = time.monotonic()
        worker.shutdown()
        print(time.monotonic() - began)
    """
    with silent_listener() as silent:
        url = silent if listens else f"http://127.0.0.1:{free_port()}"
        began = monotonic()
        command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), url, str(tmp_path / "j") if kept else ""]
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        took = monotonic() - began
    assert float(run.stdout) < 1.5
    # Prometheus' and hypothesis' imports of the test modules are in the total; the end itself adds nothing.
    assert took < float(run.stdout) + 4
    (line,) = run.stderr.splitlines()
    assert ("1 spans and 1 log records wait in the journal; lost so far: nothing" in line) == kept
    assert ("lost so far: export_timeout 2" in line) != kept


def test_a_hanging_endpoint_is_let_go_at_the_timeout(collector: Collector, recorder: Recorder) -> None:
    """A request that is not answered in time is sent again, so nothing is lost when the endpoint is back."""
    collector.fail_next(HANG)
    worker = worker_to(collector.url, recorder, timeout_seconds=0.3)
    ids = recorder.spans(4)
    assert worker.flush(5)
    assert list(collector.spans) == ids
    assert worker.shutdown()


def test_log_records_keep_their_logger(collector: Collector, recorder: Recorder) -> None:
    """A log record out of the ring has its logger as its scope, and the process's resource."""
    recorder.logs(1, record=LOG)
    assert worker_to(collector.url, recorder).shutdown()
    (group,) = collector.arrivals[0].message.resource_logs
    assert [scope.scope.name for scope in group.scope_logs] == [LOG.logger]
    assert {pair.key for pair in group.resource.attributes} == set(RESOURCE.attributes)
