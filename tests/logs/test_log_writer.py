"""Writing lines where writing goes wrong: nothing is raised, all is counted, and lines stay whole."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TextIO

import pytest
from tests.logs.lines import RUN, LogFile, parsed

from telemetry.logs import (
    LineWriter,
    LogChannel,
    Tally,
    attach_stdlib,
    detach_stdlib,
    get_logger,
    json_chain,
    use_channel,
)

_PRELUDE = """
import logging, os, sys
from telemetry.logs import *
tally = Tally()
channel = LogChannel(json_chain(RunFields(run_id="child")), LineWriter(sys.stderr, tally), tally=tally)
use_channel(channel)
log = get_logger("child")
"""


def child(script: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program that logs JSON to its standard error stream."""
    command = [sys.executable, "-W", "error", "-c", _PRELUDE + script]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(command, text=True, timeout=60, check=False, env=environment, **options)  # type: ignore[call-overload,no-any-return]


def test_a_line_is_written_at_once(tmp_path: Path) -> None:
    """Nothing waits in a buffer: a program that is killed right after has logged."""
    done = child("log.info('last words')\nos.kill(os.getpid(), 9)", stderr=subprocess.PIPE)
    assert done.returncode == -9
    assert [line["event"] for line in parsed(done.stderr)] == ["last words"]


def test_lines_and_the_programs_own_text_keep_their_order() -> None:
    """What the program wrote to the stream before a line stands before it."""
    done = child("sys.stderr.write('{\"half\": 1}'); log.info('x'); print('after', file=sys.stderr)", stderr=-1)
    assert done.stderr.startswith('{"half": 1}{"timestamp"')
    assert done.stderr.endswith("}\nafter\n")


def test_a_full_disk_is_counted() -> None:
    """Lines that a full disk refuses are lost, counted, told once, and the program goes on."""
    told: list[str] = []
    with Path("/dev/full").open("w") as stream:
        writer = LineWriter(stream, Tally(told.append))
        for _ in range(3):
            writer.write("x")
    assert len(told) == 1
    assert "No space left on device" in told[0]


def test_a_closed_stream_is_counted(log_file: LogFile) -> None:
    """A stream that the host closed is no reason to fail."""
    log_file.close()
    get_logger("x").info("x")
    assert log_file.tally.counts == {"writer": 1}


def test_a_broken_pipe_changes_nothing_for_the_program() -> None:
    """When the reader of the log goes away, the program ends as it would have, exit status included."""
    reader, writer = os.pipe()
    os.close(reader)
    script = "log.info('x'); log.info('y'); print(dict(tally.counts)); sys.exit(3)"
    done = child(script, stderr=writer, stdout=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stdout) == (3, "{'writer': 2}\n")


def test_a_missing_stream_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without a standard error stream, such as a daemon, goes on."""
    tally = Tally()
    monkeypatch.setattr(sys, "stderr", None)
    LineWriter(None, tally).write("x")
    assert tally.counts == {"writer": 1}


def test_the_standard_error_stream_is_looked_up_for_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A writer without a stream follows a replaced `sys.stderr`, so that captures work."""
    LineWriter().write("captured")
    assert capsys.readouterr().err == "captured\n"


def test_a_wrapped_stream_sees_the_text() -> None:
    """A stream that copies what it gets, and names the descriptor of another, is not bypassed."""

    class Tee(io.StringIO):
        def fileno(self) -> int:
            return 2

    tee = Tee()
    LineWriter(tee).write("x")
    assert tee.getvalue() == "x\n"


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    """When a disk fills in the middle of a line, the next line starts on a line of its own."""
    path = tmp_path / "log"
    script = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"stream = open({str(path)!r}, 'a')\n"
        "writer = LineWriter(stream)\n"
        "writer.write('first')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
        "writer.write('second')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "writer.write('third')\n"
    )
    assert child(script).returncode == 0
    assert path.read_text().splitlines() == ["first", "seco", "third"]


def test_a_stream_that_logs_does_not_recurse() -> None:
    """A stream that sends what it gets to `logging`, where it comes from, ends the circle at once."""

    class Circle(io.StringIO):
        def write(self, text: str) -> int:
            import logging

            logging.getLogger("circle").warning(text)
            return super().write(text)

    stream = Circle()
    channel = LogChannel(json_chain(RUN), LineWriter(stream))
    handler = attach_stdlib(channel)
    try:
        channel.emit("info", {"event": "x"})
    finally:
        detach_stdlib(handler)
    assert [line["event"] for line in parsed(stream.getvalue())] == ["x"]


def test_ten_thousand_lines_of_many_threads_are_whole(log_file: LogFile) -> None:
    """Lines of eight threads, longer than a pipe's promise, are neither mixed nor lost."""

    def work(worker: int) -> None:
        log = get_logger("t").bind(worker=worker)
        for number in range(1250):
            log.info("tick", number=number, padding="x" * (number % 10 * 600))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in log_file.path.read_text().splitlines()]
    seen = {worker: [line["number"] for line in lines if line["worker"] == worker] for worker in range(8)}
    assert seen == {worker: list(range(1250)) for worker in range(8)}


def test_long_lines_of_threads_are_whole_in_a_pipe_too() -> None:
    """A pipe takes a long line in parts; no other thread's line comes between them."""
    reader, end = os.pipe()
    received: list[bytes] = []

    def read() -> None:
        with open(reader, "rb") as pipe:
            received.append(pipe.read())

    def write(mark: str) -> None:
        for _ in range(10):
            writer.write(mark * 200_000)

    consumer = threading.Thread(target=read)
    consumer.start()
    with open(end, "w") as stream:
        writer = LineWriter(stream)
        threads = [threading.Thread(target=write, args=(mark,)) for mark in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    consumer.join()
    assert sorted(received[0].decode().splitlines()) == [mark * 200_000 for mark in "abcd" for _ in range(10)]


def test_lines_of_several_processes_are_whole(tmp_path: Path) -> None:
    """Processes that append to one file do not cut each other's lines."""
    path = tmp_path / "shared.jsonl"
    with path.open("a") as stream:
        script = _PRELUDE + "for number in range(500): log.info('tick', number=number, padding='x' * 3000)"
        workers = [subprocess.Popen([sys.executable, "-c", script], stderr=stream) for _ in range(3)]
        assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    numbers = sorted(line["number"] for line in parsed(path.read_text()))
    assert numbers == sorted(list(range(500)) * 3)


def test_a_forked_child_can_log(log_file: LogFile) -> None:
    """A fork in the middle of another thread's line does not leave the child waiting for a lock."""
    stop = threading.Event()

    def chatter() -> None:
        while not stop.is_set():
            get_logger("parent").info("tick", padding="x" * 5000)

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        statuses = [fork_and_log() for _ in range(20)]
    finally:
        stop.set()
        thread.join()
    assert statuses == [0] * 20
    assert sum(line["event"] == "from the child" for line in log_file.lines()) == 20


def fork_and_log() -> int:
    """Fork, log in the child, and return its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(5)  # a child that waits for a lock does not outlive the test
            get_logger("child").info("from the child")
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_text_that_the_stream_cannot_encode_is_escaped(tmp_path: Path) -> None:
    """A stream in an old encoding gets the line, with escapes."""
    path = tmp_path / "latin"
    stream: TextIO
    with path.open("w", encoding="latin-1") as stream:
        LineWriter(stream).write("caf\xe9 \u2713")
    assert path.read_bytes() == b"caf\xe9 \\u2713\n"


def test_a_tally_counts_from_many_threads() -> None:
    """No count is lost, and the listener is called once a name."""
    told: list[str] = []
    tally = Tally(told.append)

    def work() -> None:
        for _ in range(20_000):
            tally.add("x", "y")

    threads = [threading.Thread(target=work) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert (tally.counts, told) == ({"x": 80_000}, ["x: y"])


def test_a_tally_is_bounded() -> None:
    """Names without end are counted together."""
    tally = Tally()
    for number in range(2000):
        tally.add(f"name {number}", "x")
    assert len(tally.counts) == 501
    assert tally.counts["other"] == 1500


def test_a_listener_that_fails_is_counted() -> None:
    """Telling of trouble makes no trouble."""

    def fail(_text: str) -> None:
        raise OSError("no listener")

    tally = Tally(fail)
    tally.add("x", "y")
    tally.add("x", "y")
    assert tally.counts == {"x": 2, "tally": 1}


def test_the_channel_before_comes_back(log_file: LogFile, tmp_path: Path) -> None:
    """Channels can be swapped and restored, as an isolated test does it."""
    log = get_logger("x")
    with LogFile(tmp_path / "other.jsonl") as other:
        before = use_channel(other.channel)
        log.info("to the other")
        assert use_channel(before) is other.channel
    log.info("to the first")
    assert other.only()["event"] == "to the other"
    assert log_file.only()["event"] == "to the first"
