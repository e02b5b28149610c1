"""The way of a line: failing processors, sinks, contracts, levels, loggers and the host's own structlog."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from tests.logs.lines import RUN, Broken, LogFile, Memory

from telemetry.contracts import load_registry
from telemetry.errors import ConfigurationError
from telemetry.logs import (
    LineWriter,
    LogChannel,
    Tally,
    console_chain,
    current_channel,
    get_logger,
    json_chain,
    muted,
    use_channel,
)

log = get_logger("compiler.main")


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[LogFile]:
    """Send lines to a file, checked against the contracts that are shipped."""
    registry = load_registry(packs=["pipeline"])
    with LogFile(tmp_path / "checked.jsonl", registry=registry, level="debug") as file:
        use_channel(file.channel)
        yield file


def fail(_logger: object, _method: str, _line: Any) -> Any:
    """Fail as a processor of the user's may."""
    raise ValueError("processor")


def drop(_logger: object, _method: str, line: Any) -> Any:
    """Drop health checks, by structlog's own signal."""
    import structlog

    if line["event"] == "health":
        raise structlog.DropEvent
    return line


class TestProcessors:
    """What happens to a line when one of the chain fails."""

    def test_a_failing_processor_is_left_out(self, tmp_path: Path) -> None:
        """The line goes on without it, nothing is raised, and the failure is counted and named once."""
        told: list[str] = []
        path = tmp_path / "log"
        with path.open("w") as stream:
            channel = LogChannel([fail, *json_chain(RUN)], LineWriter(stream), tally=Tally(told.append))
            channel.emit("info", {"event": "x"})
            channel.emit("info", {"event": "y"})
        assert len(path.read_text().splitlines()) == 2
        assert channel.tally.counts == {"processor": 2}
        assert told == ["processor: fail failed and was left out: ValueError('processor')"]

    def test_a_line_can_be_dropped(self, tmp_path: Path) -> None:
        """A processor drops a line as structlog's do, from loggers and from the standard library."""
        path = tmp_path / "log"
        with path.open("w") as stream:
            use_channel(LogChannel([drop, *json_chain(RUN)], LineWriter(stream)))
            log.info("health")
            current_channel().emit("info", {"event": "health"})
            log.info("other")
        assert [line.split('"event":"')[1][:5] for line in path.read_text().splitlines()] == ["other"]

    def test_what_a_value_logs_while_it_is_written_is_left_out(self, log_file: LogFile) -> None:
        """An object whose text logs does not send the line in circles."""

        class Chatty:
            def __str__(self) -> str:
                log.info("from __str__")
                return "chatty"

        log.info("x", value=Chatty())
        assert log_file.only()["value"] == "chatty"

    def test_an_exporter_can_be_silent(self, log_file: LogFile) -> None:
        """Inside of `muted`, this thread's lines are dropped; afterwards they are not."""
        with muted():
            log.info("a request for sending logs")
        log.info("x")
        assert log_file.only()["event"] == "x"

    def test_a_level_has_to_be_one(self) -> None:
        """A wrong level is said when the channel is made, not at each line."""
        with pytest.raises(ConfigurationError, match="no log level 'verbose'; use one of debug, info"):
            LogChannel([], level="verbose")  # type: ignore[arg-type]


class TestLoggers:
    """What `get_logger` promises."""

    def test_a_logger_follows_the_channel(self, log_file: LogFile) -> None:
        """Loggers that were made, or bound, before telemetry was configured write to what was configured."""
        use_channel(None)
        early, bound = get_logger("early"), get_logger("bound").bind(backend="c-gcc")
        use_channel(log_file.channel)
        early.info("x")
        bound.info("y")
        assert [(line["logger"], line["event"]) for line in log_file.lines()] == [("early", "x"), ("bound", "y")]

    def test_lines_below_the_level_are_not_written(self, log_file: LogFile) -> None:
        """The channel's level holds for all loggers, bound or not."""
        log.debug("x")
        log.bind(a=1).debug("y")
        log_file.channel.emit("debug", {"event": "z"})
        assert log_file.lines() == []

    def test_before_configure_only_warnings_are_written(self) -> None:
        """An unconfigured program says warnings, for people, on standard error, and nothing on standard output."""
        script = (
            "from telemetry.logs import get_logger\n"
            "log = get_logger('app')\n"
            "log.info('quiet')\n"
            "log.bind(a=1).info('quiet too')\n"
            "log.warning('loud', password='hunter2', n=1)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert "[warning  ] loud" in line
        assert line.endswith("[app] password=[redacted] n=1")

    def test_the_hosts_structlog_is_left_alone(self, log_file: LogFile) -> None:
        """Using our loggers neither configures structlog nor depends on how the host did."""
        import structlog

        before = structlog.get_config()
        log.info("x")
        assert structlog.get_config() == before
        assert not structlog.is_configured()

    def test_a_logger_can_be_pickled(self, log_file: LogFile) -> None:
        """Objects that hold a logger go through process pools."""
        pickle.loads(pickle.dumps(log)).info("x")
        assert log_file.only()["logger"] == "compiler.main"

    def test_importing_the_room_loads_no_structlog(self) -> None:
        """What only needs redaction or a processor does not pay for structlog and the standard library's logging."""
        script = (
            "import sys, telemetry.logs\n"
            "telemetry.logs.RunFields(run_id='r')(None, 'info', {'event': 'x'})\n"
            "telemetry.logs.redact_text('password=x')\n"
            "assert not {'structlog', 'logging', 'rich', 'opentelemetry'} & set(sys.modules)\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)

    def test_async_methods_have_the_ids_too(self, log_file: LogFile) -> None:
        """Structlog's awaitable methods write from a worker thread, in the context of the call."""
        with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
            asyncio.run(log.ainfo("async"))
        assert log_file.only()["span_id"] == f"{span.get_span_context().span_id:016x}"


class TestSinks:
    """What sinks get."""

    def test_a_sink_gets_each_line_as_data(self, tmp_path: Path) -> None:
        """The record has the line's time, severity, event, ids, and its fields as attribute values."""
        sink = Memory()
        with (
            LogFile(tmp_path / "log", sinks=[sink]) as file,
            TracerProvider().get_tracer("t").start_as_current_span("s") as span,
        ):
            use_channel(file.channel)
            log.warning("verify.block", checks=3, tags=["a", "b"], mixed=[1, "a"], nested={"a": 1}, none=None)
        (record,), line = sink.records, file.only()
        context = span.get_span_context()
        assert (record.event, record.severity, record.logger) == ("verify.block", "warning", "compiler.main")
        assert (record.trace_id, record.span_id) == (context.trace_id, context.span_id)
        assert record.trace_flags == context.trace_flags
        assert f"{record.time_ns % 1_000_000_000:09d}Z" == line["timestamp"][-10:]
        assert record.fields == {
            "checks": 3,
            "tags": ("a", "b"),
            "mixed": '[1, "a"]',
            "nested": '{"a": 1}',
            **RUN.values,
        }

    def test_a_line_outside_of_spans_has_zero_ids(self) -> None:
        """The record says so as `LogRecord` does; numbers that no wire format has become text."""
        sink = Memory()
        LogChannel(json_chain(RUN, sinks=[sink])).emit("info", {"event": "x", "big": 1 << 64})
        (record,) = sink.records
        assert (record.trace_id, record.span_id, record.trace_flags) == (0, 0, 0)
        assert record.fields["big"] == str(1 << 64)

    def test_secrets_do_not_reach_sinks(self) -> None:
        """A record is as clean as the line."""
        sink = Memory()
        LogChannel(json_chain(RUN, sinks=[sink])).emit("info", {"event": "password=hunter2", "token": "hunter2"})
        assert sink.records
        assert "hunter2" not in repr(sink.records)

    def test_a_failing_sink_is_counted(self, tmp_path: Path) -> None:
        """The next sink and the stream still get the line."""
        sink = Memory()
        with LogFile(tmp_path / "log", sinks=[Broken(), sink]) as file:
            file.channel.emit("info", {"event": "x"})
        assert (len(sink.records), file.only()["event"]) == (1, "x")
        assert file.told == ["sink: Broken failed: RuntimeError('cannot take x')"]

    def test_a_channel_may_have_sinks_only(self) -> None:
        """Without a writer, records are all there is."""
        sink = Memory()
        LogChannel(json_chain(RUN, sinks=[sink])).emit("info", {"event": "x"})
        assert [record.event for record in sink.records] == ["x"]


class TestContracts:
    """What happens to lines that break the contracts: they are written, and counted."""

    def test_a_line_that_keeps_its_contract_is_no_breach(self, checked: LogFile) -> None:
        """What the chain adds, ids and exceptions included, is not held against the caller."""
        try:
            raise OSError("no cc1")
        except OSError:
            with TracerProvider().get_tracer("t").start_as_current_span("s"):
                log.error("compile.end", backend="c-gcc", error_code="io", exc_info=True, stack_info=True)
        assert checked.only()["event"] == "compile.end"
        assert checked.told == []

    def test_an_unknown_event_is_written_and_named_once(self, checked: LogFile) -> None:
        """A misspelt event is in the log, and the breach has advice."""
        log.info("compile.strat")
        log.info("compile.strat")
        assert len(checked.lines()) == 2
        assert checked.tally.counts == {"contract: compile.strat": 2}
        (told,) = checked.told
        assert "did you mean 'compile.start'?" in told

    def test_unknown_and_missing_fields_are_named_each(self, checked: LogFile) -> None:
        """Every field that is wrong is named once and counted each time; the line has them all."""
        for _ in range(2):
            log.info("compile.start", colour="red", operator=5)
        assert checked.lines()[0]["colour"] == "red"
        assert checked.tally.counts == {
            "contract: compile.start 'backend'": 2,
            "contract: compile.start 'colour'": 2,
            "contract: compile.start 'operator'": 2,
        }

    def test_a_severity_that_is_too_low_is_a_breach(self, checked: LogFile) -> None:
        """An event that has to be a warning is not hidden as information."""
        log.info("verify.block", provenance_id="p")
        assert any("severity must be warning or worse" in told for told in checked.told)

    def test_free_text_of_libraries_is_no_breach(self, checked: LogFile) -> None:
        """Lines of the standard library need no contract."""
        checked.channel.emit("info", {"event": "Starting new HTTPS connection (1): localhost:443"})
        assert checked.told == []

    def test_breaches_tell_no_secrets(self, checked: LogFile) -> None:
        """A value that breaks a contract is redacted before it is quoted."""
        log.info("compile.start", backend=["password=hunter2"])
        assert checked.told
        assert "hunter2" not in repr(checked.told)


class TestConsole:
    """What people see."""

    def shown(self, capsys: pytest.CaptureFixture[str], event: str, colors: bool = False, **fields: Any) -> str:
        """Write one line for people."""
        LogChannel(console_chain(RUN, colors=colors), LineWriter()).emit("info", {"event": event, **fields})
        return capsys.readouterr().err

    def test_a_line_is_short(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What all lines of a run share is left out; the time has milliseconds."""
        text = self.shown(capsys, "compile.start", backend="c-gcc", component="other")
        time, _, rest = text.partition(" ")
        assert len(time) == len("2023-11-14T22:13:20.000Z")
        assert rest == f"[info     ] {'compile.start':30} backend=c-gcc component=other\n"

    def test_colours_are_the_callers_choice(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Without colours there is no escape sequence; with them there is."""
        assert "\x1b[" not in self.shown(capsys, "x")
        assert "\x1b[" in self.shown(capsys, "x", colors=True)

    def test_text_cannot_move_the_cursor(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Control characters in events and values are shown, not obeyed."""
        text = self.shown(capsys, "x\x1b[2J", path="a\x07b")
        assert "\\x1b[2J" in text
        assert "a\\x07b" in text
        assert "\x1b" not in text

    def test_an_exception_is_shown_below(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The stack trace follows the line, as Python prints it, without secrets."""
        try:
            raise OSError("password=hunter2")
        except OSError as error:
            text = self.shown(capsys, "x", exc_info=error)
        assert text.splitlines()[1] == "Traceback (most recent call last):"
        assert text.endswith("OSError: password=[redacted]\n")
        assert "exception.type" not in text

    def test_ids_are_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        """People find the trace of a line."""
        with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
            assert f"trace_id={span.get_span_context().trace_id:032x}" in self.shown(capsys, "x")
