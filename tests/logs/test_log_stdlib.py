"""The standard library's records: the same lines, and nothing of the application's own logging changes."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from tests.logs.lines import LogFile, Memory, parsed

from telemetry.logs import attach_stdlib, detach_stdlib, get_logger, muted, stdlib_handler

library = logging.getLogger("library.part")


@pytest.fixture
def attached(log_file: LogFile) -> Iterator[LogFile]:
    """Let records of the loggers below `library` take the channel."""
    handler = attach_stdlib(logger="library")
    library.setLevel(logging.DEBUG)
    yield log_file
    library.setLevel(logging.NOTSET)
    detach_stdlib(handler, logger="library")


def test_a_record_is_a_line(attached: LogFile) -> None:
    """Message, level, logger name and extra fields are where they are for all other lines."""
    library.warning("cannot find %s", "cc1", extra={"backend": "c-gcc", "password": "hunter2"})
    line = attached.only()
    assert (line["event"], line["severity"], line["logger"]) == ("cannot find cc1", "warning", "library.part")
    assert (line["backend"], line["password"], line["run_id"]) == ("c-gcc", "[redacted]", "run-1")


@pytest.mark.parametrize(
    ("level", "severity"), [(20, "info"), (25, "info"), (35, "warning"), (45, "error"), (60, "critical")]
)
def test_levels_between_names_count_as_the_lower(attached: LogFile, level: int, severity: str) -> None:
    """Levels of an application's own have one of the five severities."""
    library.log(level, "x")
    assert attached.only()["severity"] == severity


def test_a_record_has_the_ids_of_the_span(attached: LogFile) -> None:
    """The ids are those of the span that is current when the record is made."""
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        library.info("inside")
    assert attached.only()["span_id"] == f"{span.get_span_context().span_id:016x}"


def test_an_exception_is_told_as_everywhere(attached: LogFile) -> None:
    """`exception` gives the three fields, and a stack on request its own."""
    try:
        raise OSError("no cc1")
    except OSError:
        library.exception("failed", stack_info=True)
    line = attached.only()
    assert (line["exception.type"], line["exception.message"]) == ("OSError", "no cc1")
    assert line["exception.stacktrace"].endswith("OSError: no cc1")
    assert line["stack"].startswith("Stack (most recent call last):")


def test_arguments_that_do_not_fit_are_no_trouble(log_file: LogFile, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong format string loses neither the line nor the arguments, and prints no traceback."""
    # Alone, for the handlers of the test runner fail on purpose where a message is wrong.
    alone = logging.Logger("alone")
    alone.addHandler(stdlib_handler())
    alone.info("%d files of %s", "two")
    assert log_file.only()["event"] == "%d files of %s ('two',)"
    assert capsys.readouterr().err == ""


def test_extra_fields_do_not_break_the_schema(attached: LogFile) -> None:
    """Fields with the names of the schema's own are kept beside them."""
    extra: dict[str, Any] = {"event": "mine", "timestamp": 5, "severity": "high", "run_id": 7, "exc_info_": 1}
    library.info("x", extra=extra)
    line = attached.only()
    assert line["event"] == "x"
    assert {name: line[f"extra.{name}"] for name in ("event", "timestamp", "severity", "run_id")} == {
        "event": "mine",
        "timestamp": 5,
        "severity": "high",
        "run_id": 7,
    }


def test_the_time_is_that_of_the_record(log_file: LogFile) -> None:
    """A record that waited in a queue keeps its time, and its exception as text."""
    queue: SimpleQueue[Any] = SimpleQueue()
    listener = QueueListener(queue, stdlib_handler())
    try:
        raise OSError("no cc1")
    except OSError as error:
        record = logging.makeLogRecord(
            {"msg": "x", "created": 1_700_000_000.25, "levelno": 40, "exc_info": (OSError, error, None)}
        )
    QueueHandler(queue).emit(record)
    listener.start()
    listener.stop()
    line = log_file.only()
    assert line["timestamp"] == "2023-11-14T22:13:20.250000000Z"
    assert "OSError: no cc1" in line["event"] + line.get("exception.stacktrace", "")


def test_the_applications_logging_stays_as_it_was(log_file: LogFile) -> None:
    """Attaching and detaching leaves levels, handlers and their output as they were."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.root.manager.disable, logging.raiseExceptions)
    handler = attach_stdlib()
    assert [each for each in root.handlers if each is not handler] == before[0]
    logging.getLogger("app").warning("x")
    detach_stdlib(handler)
    detach_stdlib(handler)
    logging.getLogger("app").warning("y")
    assert (list(root.handlers), root.level, logging.root.manager.disable, logging.raiseExceptions) == before
    assert log_file.only()["event"] == "x"


def test_a_channel_of_its_own(log_file: LogFile, tmp_path: Path) -> None:
    """Records may go elsewhere than the lines of `get_logger`."""
    with LogFile(tmp_path / "other.jsonl") as other:
        handler = attach_stdlib(other.channel, logger="library")
        library.warning("to the other")
        detach_stdlib(handler, logger="library")
    assert log_file.lines() == []
    assert other.only()["event"] == "to the other"


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "opentelemetry.sdk.trace", "telemetry", "grpc", "httpx"])
def test_what_transports_log_is_not_sent(tmp_path: Path, name: str) -> None:
    """Lines about sending lines reach the stream and no sink, or they would be sent for ever."""
    sink = Memory()
    with LogFile(tmp_path / "log", sinks=[sink]) as file:
        handler = attach_stdlib(file.channel, logger=name)
        logging.getLogger(name).warning("retrying")
        detach_stdlib(handler, logger=name)
    assert file.only()["event"] == "retrying"
    assert sink.records == []


def test_an_exporters_thread_can_be_silent(attached: LogFile) -> None:
    """What libraries log inside of `muted` is dropped, in this thread only."""
    with muted():
        library.info("about an export")
        thread = threading.Thread(target=library.info, args=("of the application",))
        thread.start()
        thread.join()
    assert attached.only()["event"] == "of the application"


def test_records_and_lines_of_a_child_process_are_mixed_and_whole() -> None:
    """A real program that logs both ways, in spans and threads, writes lines of one schema."""
    script = """
import logging, sys, threading
from opentelemetry.sdk.trace import TracerProvider
from telemetry.logs import *
use_channel(LogChannel(json_chain(RunFields(run_id="child")), LineWriter(sys.stdout)))
attach_stdlib()
logging.getLogger().setLevel("INFO")
tracer = TracerProvider().get_tracer("t")
def work(worker):
    with tracer.start_as_current_span("compile.execute") as span:
        span_id = f"{span.get_span_context().span_id:016x}"
        for number in range(200):
            get_logger("ours").info("tick", own=span_id)
            logging.getLogger("theirs").info("tock", extra={"own": span_id})
threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = parsed(done.stdout)
    assert len(lines) == 4 * 200 * 2
    assert all(line["span_id"] == line["own"] for line in lines)
    assert {(line["logger"], line["event"]) for line in lines} == {("ours", "tick"), ("theirs", "tock")}
    assert len({json.dumps(line) for line in lines}) == len(lines)


def test_both_ways_reach_one_file(attached: LogFile) -> None:
    """A line of structlog and a record of the standard library differ in nothing but their content."""
    get_logger("library.part").info("x", backend="c-gcc")
    library.info("x", extra={"backend": "c-gcc"})
    ours, theirs = attached.lines()
    assert {**ours, "timestamp": ""} == {**theirs, "timestamp": ""}
