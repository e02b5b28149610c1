"""What a killed process leaves is shipped by the next one: its records, and then the spans that were open."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest
from tests.collector import HANG, OK, Collector, Fault, eventually, status

from telemetry._hotpath import extent
from telemetry.export import ExportWorker, Schedule
from telemetry.export.otlp import OtlpExporter
from telemetry.journal import FileMemory, Folder, OwnMemory, Reader, open_journal
from telemetry.signals import Resource

from .recorder import Recorder
from .servers import attributes, in_child

ROOT = Path(__file__).parents[2]
HEIR = Resource({"service.name": "heir"})
OFTEN = Schedule(delay_seconds=0.05, retry_seconds=0.05, longest_retry_seconds=0.2, adoption_seconds=0.2)

RECORD = """
    import os, signal, sys
    from pathlib import Path
    from tests.export.recorder import Recorder
    recorder = Recorder(Path(sys.argv[1]))
    recorder.spans(700)
    recorder.logs(5)
    os.kill(os.getpid(), signal.SIGKILL)
"""
DIE_INSIDE = """
    import os, signal, sys
    import telemetry
    telemetry.configure("specc", journal=sys.argv[1])
    with telemetry.span("plan.compile_graph"), telemetry.span("codegen.lower"):
        with telemetry.span("compile.execute"):
            pass
        with telemetry.span("verify.run"):
            os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path, code: str = RECORD) -> Path:
    """Run a program that records into a folder and kills itself; give the journal that it leaves."""
    before = set(folder.glob("*.journal"))
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(folder)], cwd=ROOT, check=False)
    assert run.returncode == -signal.SIGKILL
    (path,) = set(folder.glob("*.journal")) - before
    return path


def heir(url: str, folder: Path) -> tuple[ExportWorker, Recorder]:
    """Start the worker of a process whose journal is in this folder."""
    recorder = Recorder(folder)
    worker = ExportWorker(OtlpExporter(url, HEIR, timeout_seconds=1), recorder.region, schedule=OFTEN)
    worker.start()
    return worker, recorder


def names(collector: Collector) -> list[str]:
    """Give the names of the spans that arrived, sorted."""
    return sorted(span.name for span in collector.intake.span.values())


def test_the_records_of_a_killed_process_arrive(tmp_path: Path) -> None:
    """They leave with the resource of who recorded them, each once, and then the file goes."""
    path = killed(tmp_path)
    with Collector() as collector:
        worker, recorder = heir(collector.url, tmp_path)
        assert eventually(lambda: not path.exists())
        assert worker.shutdown()
        assert (len(collector.spans), len(collector.logs)) == (700, 5)
        assert set(collector.spans.values()) == {1}
        resources = [arrival.message.resource_spans[0].resource for arrival in collector.arrivals[:2]]
        assert {attributes(each.attributes)["service.name"] for each in resources} == {"specc"}
        assert worker.exported() == {}
        assert recorder.region.path.exists()  # type: ignore[attr-defined]


def test_spans_that_were_open_are_closed_and_sent(tmp_path: Path) -> None:
    """Each arrives as failed with what says that it was recovered, beside the one that had ended."""
    path = killed(tmp_path, DIE_INSIDE)
    with Collector() as collector:
        worker, _ = heir(collector.url, tmp_path)
        assert eventually(lambda: not path.exists())
        assert worker.shutdown()
    assert names(collector) == ["codegen.lower", "compile.execute", "plan.compile_graph", "verify.run"]
    assert set(collector.spans.values()) == {1}
    by_name = {span.name: span for span in collector.intake.span.values()}
    innermost = by_name["verify.run"]
    assert attributes(innermost.attributes)["telemetry.recovered"] is True
    assert attributes(innermost.attributes)["error.type"] == "process_died"
    assert innermost.parent_span_id == by_name["codegen.lower"].span_id
    assert "telemetry.recovered" not in attributes(by_name["compile.execute"].attributes)


@pytest.mark.parametrize("fault", [status(503), HANG], ids=["503", "hang"])
def test_an_heir_that_dies_too_is_inherited(tmp_path: Path, fault: Fault) -> None:
    """While the endpoint is down nothing is removed; the next heir goes on where the last one stopped."""
    path = killed(tmp_path)
    with Collector() as collector:
        collector.fail_next(OK)
        collector.always(fault)
        worker, _ = heir(collector.url, tmp_path)
        assert eventually(lambda: len(collector.arrivals) > 1)
        worker.shutdown(0.2)
        assert path.exists()
        collector.always(OK)
        other, _ = heir(collector.url, tmp_path)
        assert eventually(lambda: not path.exists())
        assert other.shutdown()
        assert len(collector.spans) == 700
        assert set(collector.spans.values()) == {1}


def test_a_journal_with_metrics_stays_for_the_gateway(tmp_path: Path) -> None:
    """The records leave; the file stays for whoever adds up the metrics, and with them the ledger."""
    path = killed(tmp_path)
    with FileMemory(path) as memory:
        memory.put(extent.PAGES_USED, 4096)
    with Collector() as collector:
        worker, _ = heir(collector.url, tmp_path)
        assert eventually(lambda: len(collector.logs) == 5)
        assert eventually(lambda: not Folder.open(tmp_path).is_held(key_of(path) + 1))
        assert worker.shutdown()
        assert path.exists()
        assert len(collector.logs) == 5


def key_of(path: Path) -> int:
    """Read the key of a journal."""
    with FileMemory(path, only_read=True) as memory:
        return memory.word(extent.KEY)


def test_the_living_are_left_alone(tmp_path: Path) -> None:
    """A process that lives and ships nothing keeps its journal; so does one whose journal somebody else ships."""
    ready = "recorder.logs(5); print(flush=True); input()"
    code = textwrap.dedent(RECORD).replace("recorder.logs(5)", ready)
    shipped = killed(tmp_path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, **pipes) as living, Collector() as collector:  # type: ignore[call-overload]
        living.stdout.readline()
        with held_by_another(tmp_path, key_of(shipped) + 1):
            worker, recorder = heir(collector.url, tmp_path)
            recorder.spans(3)
            assert eventually(lambda: len(collector.spans) == 3)
            assert not eventually(lambda: len(collector.spans) > 3, within_seconds=0.6)
        living.communicate(b"\n")
        assert eventually(lambda: len(collector.spans) == 3 + 2 * 700)
        assert worker.shutdown()


def held_by_another(folder: Path, key: int) -> subprocess.Popen[bytes]:
    """Have another process hold a key as long as this is open."""
    code = "import sys; from telemetry.journal import Folder; folder = Folder.open(sys.argv[1])"
    code += "; print(folder.hold(int(sys.argv[2])), flush=True); input()"
    command = [sys.executable, "-c", code, str(folder), str(key)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"True\n"
    return _Held(process)  # type: ignore[return-value]


class _Held:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._process.communicate(b"\n")


def test_two_heirs_send_nothing_twice(tmp_path: Path) -> None:
    """Of several processes that start at once, one ships each dead journal."""
    paths = [killed(tmp_path) for _ in range(3)]
    code = """
        import sys
        from pathlib import Path
        from tests.export.test_adoption import heir
        from tests.collector import eventually
        folder = Path(sys.argv[2])
        print(flush=True)
        input()
        worker, _ = heir(sys.argv[1], folder)
        eventually(lambda: len(list(folder.glob("*.journal"))) <= 2, within_seconds=10)
        worker.shutdown()
    """
    with Collector() as collector:
        command = [sys.executable, "-c", textwrap.dedent(code), collector.url, str(tmp_path)]
        heirs = [
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)
        ]
        for each in heirs:
            assert each.stdout is not None
            each.stdout.readline()
        for each in heirs:
            each.communicate(b"\n")
        assert len(collector.spans) == 3 * 700
        assert set(collector.spans.values()) == {1}
    assert not any(path.exists() for path in paths)


def test_garbage_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    """What is no journal, or one that may not be written, stops nobody; it stays where it is."""
    garbage = tmp_path / "1-2-3.journal"
    garbage.write_bytes(os.urandom(10_000))
    read_only = killed(tmp_path)
    path = killed(tmp_path)
    read_only.chmod(0o400)
    with Collector() as collector:
        worker, _ = heir(collector.url, tmp_path)
        assert eventually(lambda: not path.exists())
        assert worker.shutdown()
    assert garbage.exists()
    if os.geteuid():  # root may write what is read-only
        assert read_only.exists()
        assert len(collector.spans) == 700


def test_a_gateway_ships_instead(tmp_path: Path) -> None:
    """Whoever holds the ship lock of a living process ships for it: the process itself sends and loses nothing."""
    with Collector() as collector:
        recorder = Recorder(tmp_path)
        key = recorder.region.key  # type: ignore[attr-defined]
        with held_by_another(tmp_path, key + 1):
            worker = ExportWorker(OtlpExporter(collector.url, HEIR), recorder.region, schedule=OFTEN)
            worker.start()
            recorder.spans(4)
            assert not worker.flush(0.5)
            assert collector.arrivals == []
        assert worker.flush(5)  # the gateway has gone
        assert len(collector.spans) == 4
        assert worker.shutdown()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # CPython 3.12 warns of forks beside threads
def test_a_daemon_without_its_lock_file_ships(tmp_path: Path) -> None:
    """A child that closes every descriptor that it inherited, as daemons do, still exports what it records."""
    with Collector() as collector:
        recorder = Recorder(tmp_path)
        worker = ExportWorker(OtlpExporter(collector.url, HEIR), recorder.region, schedule=OFTEN)

        def arrives() -> bool:
            for descriptor in Path("/proc/self/fd").iterdir():
                if int(descriptor.name) > 2:
                    with suppress(OSError):
                        os.close(int(descriptor.name))
            recorder.spans(3)
            return worker.flush(5) and worker.exported() == {"spans": 3}

        child = in_child(arrives)
        assert os.waitpid(child, 0)[1] == 0
        assert len(collector.spans) == 3
        assert worker.shutdown()


def test_a_process_that_ends_beside_its_gateway_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the gateway has yet to ship is in good hands: the end of the process waits for nothing, and is silent."""
    with Collector() as collector:
        recorder = Recorder(tmp_path)
        with held_by_another(tmp_path, recorder.region.key + 1):  # type: ignore[attr-defined]
            worker = ExportWorker(OtlpExporter(collector.url, HEIR), recorder.region, schedule=OFTEN)
            recorder.spans(4)
            assert worker.shutdown()
            assert Reader(OwnMemory(recorder.region)).pending() == (4, 0)
    assert collector.arrivals == []
    assert capsys.readouterr().err == ""


def test_what_is_left_at_the_end_is_for_the_next_one(tmp_path: Path) -> None:
    """A process that ends in order while the endpoint is down loses nothing: its journal says what waits."""
    with Collector() as collector:
        with collector.away():
            worker, recorder = heir(collector.url, tmp_path)
            recorder.spans(6)
            assert not worker.shutdown(0.3)
            assert worker.losses() == {}
            recorder.region.close()
        path = recorder.region.path  # type: ignore[attr-defined]
        with open_journal(path, only_read=True) as reader:
            assert reader.pending() == (6, 0)
        other, _ = heir(collector.url, tmp_path)
        assert eventually(lambda: not path.exists())
        assert other.shutdown()
        assert len(collector.spans) == 6


def test_a_journal_that_somebody_removes_is_no_place_to_keep_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the folder goes while the process runs, nothing is noticed but at the end: what has not left is counted."""
    folder = tmp_path / "journals"
    with Collector() as collector:
        worker, recorder = heir(collector.url, folder)
        recorder.spans(2)
        assert worker.flush()
        shutil.rmtree(folder)
        recorder.spans(3)
        assert worker.flush()
        assert len(collector.spans) == 5
        with collector.away():
            recorder.spans(4)
            assert not worker.shutdown(0.3)
    assert worker.losses() == {"export_timeout": 4}
    assert "lost so far: export_timeout 4" in capsys.readouterr().err
