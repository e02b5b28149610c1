"""The export worker, against receivers that take, refuse, hang, or are not there."""

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

from telemetry.export import ExportWorker, Schedule
from telemetry.export.otlp import OtlpExporter
from telemetry.signals import Family, LogSink, SpanSink

from .families import COUNTER, Fixed
from .records import LOG, RESOURCE, batch, plain_batch, plain_spans
from .servers import OtlpReceiver, eventually, free_port, in_child, silent_listener

ROOT = Path(__file__).parents[2]
RARELY = Schedule(delay_seconds=60, metrics_seconds=60)


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    """A running OTLP receiver."""
    with OtlpReceiver() as running:
        yield running


def worker_to(url: str, *, schedule: Schedule = RARELY, metrics: bool = False) -> ExportWorker:
    """Make a worker that exports to a URL."""
    return ExportWorker(OtlpExporter(url, RESOURCE), Fixed([COUNTER]) if metrics else None, schedule=schedule)


def test_it_is_a_sink_of_both_kinds(receiver: OtlpReceiver) -> None:
    """The runtime may feed it wherever spans or log records go."""
    worker = worker_to(receiver.url)
    spans: SpanSink = worker
    logs: LogSink = worker
    spans.spans(plain_batch(2))
    logs.log(LOG)
    assert worker.shutdown()
    assert (len(receiver.spans), len(receiver.logs)) == (2, 1)
    assert worker.exported() == {"spans": 2, "logs": 1}
    assert worker.losses() == {}


def test_records_leave_after_the_delay(receiver: OtlpReceiver) -> None:
    """A few records need no full batch and no flush to arrive."""
    worker = worker_to(receiver.url, schedule=Schedule(delay_seconds=0.05))
    worker.spans(plain_batch(1))
    assert eventually(lambda: len(receiver.spans) == 1)
    worker.spans(plain_batch(1))
    assert eventually(lambda: len(receiver.spans) == 2)
    assert worker.shutdown()


def test_success_is_silent(receiver: OtlpReceiver, capfd: pytest.CaptureFixture[str]) -> None:
    """While the endpoint takes everything, nothing is written anywhere."""
    worker = worker_to(receiver.url, metrics=True)
    worker.spans(plain_batch(600))
    assert worker.flush()
    assert worker.shutdown()
    assert capfd.readouterr() == ("", "")


def test_a_full_batch_leaves_at_once(receiver: OtlpReceiver) -> None:
    """A batch that is complete does not wait for the delay."""
    worker = worker_to(receiver.url)
    worker.spans(plain_batch(512))
    assert eventually(lambda: len(receiver.spans) == 512)
    assert worker.shutdown()


def test_batches_are_bounded_in_number(receiver: OtlpReceiver) -> None:
    """No request has more than 512 records, and the records arrive in order."""
    worker = worker_to(receiver.url)
    worker.spans(plain_batch(1100))
    assert worker.flush()
    sizes = [len(request.message.resource_spans[0].scope_spans[0].spans) for request in receiver.requests]
    assert sizes == [512, 512, 76]
    assert [span.name for span in receiver.spans] == [f"step.{number}" for number in range(1, 1101)]
    assert worker.shutdown()


def test_batches_are_bounded_in_size(receiver: OtlpReceiver) -> None:
    """No request is larger than 512 KiB, but for one that holds a single larger span."""
    worker = worker_to(receiver.url)
    worker.spans(batch([*plain_spans(300, value="x" * 5_000), *plain_spans(1, value="y" * 600_000)]))
    assert worker.shutdown()
    assert len(receiver.spans) == 301
    *others, last = receiver.requests
    assert all(400_000 < request.body_bytes < 512 * 1024 for request in others[:-1])
    assert others[-1].body_bytes < 512 * 1024
    assert last.body_bytes > 600_000


def test_no_delay_keeps_no_core_busy(receiver: OtlpReceiver) -> None:
    """With a delay of zero records leave at once, and the thread sleeps between them."""
    worker = worker_to(receiver.url, schedule=Schedule(delay_seconds=0.0))
    worker.spans(plain_batch(1))
    assert eventually(lambda: len(receiver.spans) == 1)
    began = process_time()
    sleep(0.5)
    assert process_time() - began < 0.15
    assert worker.shutdown()


def test_metrics_are_pushed_at_the_interval(receiver: OtlpReceiver) -> None:
    """The state of all families arrives again and again, without anybody asking."""
    worker = worker_to(receiver.url, schedule=Schedule(metrics_seconds=0.05), metrics=True)
    worker.start()
    assert eventually(lambda: len(receiver.requests) >= 3)
    assert worker.shutdown()
    assert set(receiver.metrics) == {"compile_success_total"}
    assert worker.exported()["metrics"] == len(receiver.requests)


def test_last_metrics_are_pushed_at_shutdown(receiver: OtlpReceiver) -> None:
    """A short run that ends before the first interval still delivers its metrics, even if nothing was started."""
    assert worker_to(receiver.url, metrics=True).shutdown()
    assert set(receiver.metrics) == {"compile_success_total"}


def test_nothing_is_sent_when_there_is_nothing(receiver: OtlpReceiver) -> None:
    """A worker that was never fed makes no thread and no request."""
    before = set(living_threads())
    worker = worker_to(receiver.url)
    assert set(living_threads()) == before
    assert worker.shutdown()
    assert receiver.requests == []


def test_flush_waits_for_what_was_taken_in(receiver: OtlpReceiver) -> None:
    """After a flush that returns true, everything that was given before has arrived, metrics included."""
    worker = worker_to(receiver.url, metrics=True)
    for number in range(3):
        worker.spans(plain_batch(10))
        worker.log(LOG)
        assert worker.flush()
        assert (len(receiver.spans), len(receiver.logs)) == (10 * (number + 1), number + 1)
    assert set(receiver.metrics) == {"compile_success_total"}
    assert worker.shutdown()


def test_flushes_of_several_threads(receiver: OtlpReceiver) -> None:
    """Each of several threads that flush at once finds its own record delivered."""
    worker = worker_to(receiver.url)
    results: list[bool] = []

    def feed() -> None:
        worker.log(LOG)
        results.append(worker.flush())

    threads = [Thread(target=feed) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
    assert len(receiver.logs) == 8
    assert worker.shutdown()


def test_full_queue_drops_and_counts(receiver: OtlpReceiver, capsys: pytest.CaptureFixture[str]) -> None:
    """What finds no room is lost, counted, and said; what had room arrives."""
    worker = worker_to(receiver.url, schedule=Schedule(queue_size=100, delay_seconds=60))
    worker.spans(plain_batch(130))
    assert worker.losses() == {"queue_full": 30}
    assert not worker.shutdown()
    assert len(receiver.spans) == 100
    assert worker.losses("logs") == {}
    assert capsys.readouterr().err.count("30 spans and 0 log records (queue_full 30)") == 1


def test_refused_batch_is_lost_and_the_rest_arrives(receiver: OtlpReceiver, capsys: pytest.CaptureFixture[str]) -> None:
    """A batch that the endpoint refuses for good is counted; later ones are sent all the same."""
    receiver.answers.append((400, {}))
    worker = worker_to(receiver.url)
    worker.spans(plain_batch(600))
    assert not worker.shutdown()
    assert len(receiver.spans) == 88
    assert (worker.losses(), worker.exported()) == ({"export_failed": 512}, {"spans": 88})
    message = capsys.readouterr().err
    assert "code: 400" in message
    assert "512 spans and 0 log records (export_failed 512)" in message


def test_after_shutdown_records_are_counted(receiver: OtlpReceiver) -> None:
    """What comes too late is lost and counted, and neither flush nor another shutdown waits."""
    worker = worker_to(receiver.url)
    assert worker.shutdown()
    worker.spans(plain_batch(3))
    worker.log(LOG)
    assert worker.losses() == {"already_shutdown": 4}
    assert not worker.flush()
    assert not worker.shutdown()


def test_shutdown_where_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    """With the collector away, shutdown keeps its deadline, counts everything, and says so in one line."""
    worker = worker_to(f"http://127.0.0.1:{free_port()}", metrics=True)
    worker.spans(plain_batch(600))
    worker.log(LOG)
    began = monotonic()
    assert not worker.shutdown(0.6)
    assert monotonic() - began < 0.8
    assert worker.losses() == {"export_failed": 512, "export_timeout": 89}
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("telemetry: not everything went to http://127.0.0.1:")
    assert "within 0.6 s: [Errno 111] Connection refused; " in line
    assert "600 spans and 1 log records (export_failed 512, export_timeout 89)" in line


def test_metrics_that_do_not_arrive_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that recorded nothing but metrics does not lose them in silence."""
    worker = worker_to(f"http://127.0.0.1:{free_port()}", metrics=True)
    assert not worker.shutdown(0.3)
    assert worker.losses() == {}
    assert sum(worker.losses("metrics").values()) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "Connection refused" in line


def test_shutdown_where_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """An endpoint that accepts and never answers costs the deadline once, for all three signals together."""
    with silent_listener() as url:
        worker = worker_to(url, metrics=True)
        worker.spans(plain_batch(600))
        worker.log(LOG)
        began = monotonic()
        assert not worker.shutdown(0.6)
        assert monotonic() - began < 0.8
    assert worker.losses() == {"export_timeout": 601}
    (line,) = capsys.readouterr().err.splitlines()
    assert f"not everything went to {url} within 0.6 s" in line
    assert "600 spans and 1 log records (export_timeout 601)" in line


def test_shutdown_during_a_backoff(receiver: OtlpReceiver) -> None:
    """An endpoint that asks to come back later does not hold up the end of the process."""
    receiver.answers.extend([(503, {"Retry-After": "5"})] * 10)
    worker = worker_to(receiver.url)
    worker.spans(plain_batch(512))
    assert eventually(lambda: len(receiver.answers) == 9)
    began = monotonic()
    assert not worker.shutdown(0.5)
    assert monotonic() - began < 0.7
    assert worker.losses() == {"export_failed": 512}


def test_flush_keeps_its_timeout() -> None:
    """A flush towards an endpoint that hangs returns false when its time is over, and the host goes on."""
    with silent_listener() as url:
        worker = worker_to(url)
        worker.spans(plain_batch(1))
        began = monotonic()
        assert not worker.flush(0.3)
        assert monotonic() - began < 0.5
        worker.shutdown(0)


def test_feeding_never_waits() -> None:
    """While an export hangs, giving it more takes no longer than it takes to count it."""
    with silent_listener() as url:
        worker = worker_to(url)
        worker.spans(plain_batch(512))
        sleep(0.3)
        full = plain_batch(512)
        began = monotonic()
        for _ in range(100):
            worker.spans(full)
        assert monotonic() - began < 0.5
        worker.shutdown(0)
    assert worker.losses() == {"queue_full": 51_200 - 2048, "export_timeout": 512 + 2048}


def test_trouble_is_one_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """However often an export fails within a minute, the first time is said, and the total at the end."""
    with OtlpReceiver() as receiver:
        receiver.answers.extend([(400, {})] * 100)
        worker = worker_to(receiver.url)
        for _ in range(10):
            worker.spans(plain_batch(5))
            assert not worker.flush()
        worker.shutdown()
    first, last = capsys.readouterr().err.splitlines()
    assert f"cannot export to {receiver.url}: " in first
    assert "5 spans" in first
    assert "50 spans" in last


def test_a_source_that_fails_does_not_stop_the_worker(
    receiver: OtlpReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error in the snapshot of the metrics costs that push; spans still leave."""

    class Failing:
        """A source without a snapshot."""

        def families(self) -> Sequence[Family]:
            """Fail."""
            raise LookupError("no page")

    worker = ExportWorker(OtlpExporter(receiver.url, RESOURCE), Failing(), schedule=RARELY)
    worker.spans(plain_batch(1))
    assert not worker.flush()
    worker.spans(plain_batch(1))
    assert not worker.shutdown()
    assert len(receiver.spans) == 2
    assert "no page" in capsys.readouterr().err


def test_every_record_is_accounted_for(receiver: OtlpReceiver) -> None:
    """Fed from many threads, with refusals between, what was given equals what arrived and what was counted."""
    receiver.answers.extend([(200, {}), (400, {}), (200, {})] * 5)
    worker = worker_to(receiver.url, schedule=Schedule(queue_size=700, batch_size=50, delay_seconds=0.01))

    def feed() -> None:
        for _ in range(40):
            worker.spans(plain_batch(10))

    threads = [Thread(target=feed) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.shutdown(5)
    assert worker.exported()["spans"] == len(receiver.spans)
    assert len(receiver.spans) + sum(worker.losses().values()) == 2000


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_a_forked_child_exports_its_own(receiver: OtlpReceiver) -> None:
    """A child begins with empty queues and counts, on connections of its own; the parent's records leave once."""
    worker = worker_to(receiver.url)
    worker.spans(plain_batch(3))
    assert worker.flush()
    worker.spans(plain_batch(2))

    def arrives() -> bool:
        worker.spans(plain_batch(1))
        return worker.shutdown() and worker.exported() == {"spans": 1}

    child = in_child(arrives)
    assert os.waitpid(child, 0)[1] == 0
    parents, childs, *_ = receiver.requests
    assert parents.client_port != childs.client_port
    assert worker.shutdown()
    assert len(receiver.spans) == 6
    assert receiver.requests[-1].client_port == parents.client_port
    assert worker.exported() == {"spans": 5}


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_fork_during_an_export() -> None:
    """A child that is forked while the parent's export hangs inherits neither the export nor a held lock."""
    with silent_listener() as url, OtlpReceiver() as receiver:
        hanging = worker_to(url)
        hanging.spans(plain_batch(512))
        sleep(0.3)

        def keeps_deadline() -> bool:
            hanging.spans(plain_batch(1))
            return not hanging.shutdown(0.3) and hanging.losses() == {"export_timeout": 1}

        def arrives() -> bool:
            other = worker_to(receiver.url)
            other.log(LOG)
            return other.shutdown()

        child = in_child(lambda: keeps_deadline() and arrives())
        assert os.waitpid(child, 0)[1] == 0
        hanging.shutdown(0)


@pytest.mark.parametrize("listens", [False, True])
def test_a_process_ends_within_the_deadline(*, listens: bool) -> None:
    """A whole process with all three signals ends a second after its last line, whatever the endpoint does."""
    code = """
        import sys, time
        from telemetry.export import ExportWorker
        from telemetry.export.otlp import OtlpExporter
        from tests.export.families import Fixed
        from tests.export.records import LOG, RESOURCE, plain_batch
        worker = ExportWorker(OtlpExporter(sys.argv[1], RESOURCE), Fixed())
        worker.start()
        worker.spans(plain_batch(1))
        worker.log(LOG)
        began = time.monotonic()
        worker.shutdown()
        print(time.monotonic() - began)
    """
    with silent_listener() as silent:
        url = silent if listens else f"http://127.0.0.1:{free_port()}"
        began = monotonic()
        command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), url]
        run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        took = monotonic() - began
    assert float(run.stdout) < 1.1
    # Prometheus' and hypothesis' imports of the test modules are in the total; the end itself adds nothing.
    assert took < float(run.stdout) + 3
    assert len(run.stderr.splitlines()) == 1
