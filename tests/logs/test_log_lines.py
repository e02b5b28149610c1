"""What a JSON line holds: schema, ids, run fields, time, severity, exceptions; whatever the caller gives."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from opentelemetry import baggage
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import INVALID_SPAN, use_span
from tests.logs.lines import RUN, SCHEMA, LogFile, parsed

from telemetry.logs import (
    LogChannel,
    RunFields,
    add_exception,
    add_severity,
    add_timestamp,
    add_trace_ids,
    get_logger,
    json_chain,
    redact_fields,
)
from telemetry.logs.processors import format_timestamp, parse_timestamp

log = get_logger("compiler.main")


def test_the_schema_is_a_schema() -> None:
    """The published file is valid JSON Schema."""
    Draft202012Validator.check_schema(SCHEMA)


def test_a_line_has_the_run_schema(log_file: LogFile) -> None:
    """Each line says when, how severe, what, and which run, in this order, before its own fields."""
    log.info("compile.start", backend="c-gcc", nodes=3)
    line = log_file.only()
    assert list(line) == [
        *("timestamp", "severity", "event", "run_id", "organization_slug", "component", "env"),
        *("backend", "nodes", "logger"),
    ]
    del line["timestamp"]
    assert line == {
        "severity": "info",
        "event": "compile.start",
        "run_id": "run-1",
        "organization_slug": "acme",
        "component": "compiler",
        "env": "staging",
        "backend": "c-gcc",
        "nodes": 3,
        "logger": "compiler.main",
    }


def test_the_time_is_now_in_utc(log_file: LogFile) -> None:
    """The timestamp is the time of the call, to the nanosecond, and Python reads it."""
    before = time.time_ns()
    log.info("now")
    after = time.time_ns()
    text = log_file.only()["timestamp"]
    assert before <= parse_timestamp(text) <= after
    assert datetime.fromisoformat(text).tzinfo == UTC


@given(st.integers(0, 4_000_000_000 * 1_000_000_000))
def test_times_come_back(time_ns: int) -> None:
    """What is written as text is read as the same nanosecond."""
    text = format_timestamp(time_ns)
    assert parse_timestamp(text) == time_ns
    assert datetime.fromisoformat(text).timestamp() == pytest.approx(time_ns / 1e9, abs=1e-5)


@pytest.mark.parametrize(
    ("method", "severity"),
    [
        ("info", "info"),
        ("msg", "info"),
        ("warn", "warning"),
        ("warning", "warning"),
        ("error", "error"),
        ("exception", "error"),
        ("critical", "critical"),
        ("fatal", "critical"),
    ],
)
def test_severity_follows_the_method(log_file: LogFile, method: str, severity: str) -> None:
    """The five severities have one name each, whichever method was called."""
    getattr(log, method)("x")
    assert log_file.only()["severity"] == severity


class TestTraceIds:
    """How a line finds its span."""

    def test_a_line_has_the_ids_of_its_span(self, log_file: LogFile) -> None:
        """Inside of a span, the ids are those of the innermost one, in hex."""
        with TracerProvider().get_tracer("t").start_as_current_span("outer") as span:
            log.info("inside")
        context = span.get_span_context()
        line = log_file.only()
        assert line["trace_id"] == f"{context.trace_id:032x}"
        assert line["span_id"] == f"{context.span_id:016x}"
        assert line["trace_flags"] == f"{context.trace_flags:02x}"

    def test_a_line_of_an_unsampled_span_has_them_too(self, log_file: LogFile) -> None:
        """A span that is not recorded has ids all the same, and a line carries them."""
        with TracerProvider(sampler=ALWAYS_OFF).get_tracer("t").start_as_current_span("quiet") as span:
            assert not span.is_recording()
            log.info("inside")
        line = log_file.only()
        assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"
        assert int(line["trace_flags"], 16) & 1 == 0

    def test_outside_of_spans_there_are_none(self, log_file: LogFile) -> None:
        """No ids are better than zeros, which would join all such lines into one trace."""
        log.info("outside")
        with use_span(INVALID_SPAN):
            log.info("in a span that is none")
        assert [line for line in log_file.lines() if "trace_id" in line] == []

    def test_a_relayed_line_keeps_its_ids(self, log_file: LogFile) -> None:
        """Outside of spans, well-formed ids that a line brings stay: it is passed on from another process."""
        log.info("relayed", trace_id="a" * 32, span_id="b" * 16, trace_flags="01")
        assert log_file.only()["trace_id"] == "a" * 32

    @pytest.mark.parametrize("ids", [{"trace_id": 5}, {"trace_id": "a" * 32}, {"span_id": "x"}])
    def test_what_is_no_id_moves_aside(self, log_file: LogFile, ids: dict[str, Any]) -> None:
        """Fields that have the names of ids and are none keep their value under another name."""
        log.info("x", **ids)
        line = log_file.only()
        assert {name: line[f"extra.{name}"] for name in ids} == ids
        assert "trace_id" not in line

    def test_bound_ids_do_not_hide_the_span(self, log_file: LogFile) -> None:
        """Inside of a span its ids win, and what the caller gave is kept beside."""
        with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
            log.info("x", span_id="mine")
        line = log_file.only()
        assert line["span_id"] == f"{span.get_span_context().span_id:016x}"
        assert line["extra.span_id"] == "mine"


class TestRunFields:
    """How a line finds its run."""

    def test_a_logger_can_be_another_component(self, log_file: LogFile) -> None:
        """What is bound to a logger wins over what is the same for the process."""
        log.bind(component="verifier").info("x")
        assert log_file.only()["component"] == "verifier"

    def test_a_value_that_is_no_text_moves_aside(self, log_file: LogFile) -> None:
        """The schema holds, and the caller's value is kept."""
        log.info("x", run_id=7)
        line = log_file.only()
        assert (line["run_id"], line["extra.run_id"]) == ("run-1", 7)

    def test_what_is_not_known_is_said(self) -> None:
        """A run without organisation or component still has lines of the schema."""
        (line,) = written(RunFields(run_id="r"), "x")
        assert (line["organization_slug"], line["component"], line["env"]) == ("unknown", "unknown", "development")

    def test_fields_of_the_schema_are_never_lost(self, log_file: LogFile) -> None:
        """A finding's own severity, and a time of another kind, go on under other names."""
        log.warning("verify.block", severity="high", timestamp=12)
        line = log_file.only()
        assert (line["severity"], line["extra.severity"]) == ("warning", "high")
        assert line["extra.timestamp"] == 12


class TestExceptions:
    """How a line tells what was raised."""

    def test_an_exception_has_type_message_and_stack(self, log_file: LogFile) -> None:
        """The three fields are those of OpenTelemetry's conventions."""
        try:
            json.loads("{")
        except ValueError:
            log.exception("spec.rejected")
        line = log_file.only()
        assert line["exception.type"] == "json.decoder.JSONDecodeError"
        assert line["exception.message"].startswith("Expecting property name")
        assert line["exception.stacktrace"].startswith("Traceback (most recent call last):\n")
        assert "exc_info" not in line

    @pytest.mark.parametrize("as_tuple", [False, True])
    def test_an_exception_may_be_given(self, log_file: LogFile, as_tuple: bool) -> None:
        """An instance, or what `sys.exc_info` returns, may be passed at any time."""
        error = KeyError("k")
        log.error("x", exc_info=(KeyError, error, None) if as_tuple else error)
        line = log_file.only()
        assert (line["exception.type"], line["exception.message"]) == ("KeyError", "'k'")

    def test_no_exception_is_no_field(self, log_file: LogFile) -> None:
        """`exception` outside of an `except` block, and `exc_info=None`, add nothing."""
        log.exception("x")
        log.error("y", exc_info=None)
        assert all("exc" not in name for line in log_file.lines() for name in line)

    def test_a_long_stack_keeps_its_ends(self, log_file: LogFile) -> None:
        """A deep stack is cut in the middle: where it began and what was raised stay."""

        def dive(depth: int) -> None:
            if depth:
                dive(depth - 1) if depth % 2 else dive_too(depth - 1)
            raise OSError("at the bottom")

        # Python's own printing folds the repeated frames of plain recursion.
        def dive_too(depth: int) -> None:
            dive(depth)

        try:
            dive(200)
        except OSError:
            log.exception("deep")
        stack = log_file.only()["exception.stacktrace"]
        assert len(stack) < 12_100
        assert stack.startswith("Traceback")
        assert "\n…\n" in stack
        assert stack.endswith("OSError: at the bottom")

    def test_secrets_in_exceptions_are_redacted(self, log_file: LogFile) -> None:
        """Neither the message nor the stack lets a password out."""
        try:
            raise ConnectionError("postgres://ci:hunter2@db/x refused")
        except ConnectionError:
            log.exception("x")
        assert "hunter2" not in log_file.path.read_text()

    def test_the_stack_of_a_line_is_there_on_request(self, log_file: LogFile) -> None:
        """`stack_info=True` shows the caller, and nothing of the way through the loggers."""
        log.info("x", stack_info=True)
        stack = log_file.only()["stack"]
        assert 'log.info("x", stack_info=True)' in stack.splitlines()[-1]


class Unprintable:
    """An object that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class TestValues:
    """What becomes of values that JSON has not."""

    def test_everything_is_one_line(self, log_file: LogFile) -> None:
        """Newlines, line separators, control characters and surrogates do not break a line."""
        text = "a\nb\r\u2028\u0085\x00\x1b\ud800\N{GRINNING FACE}"
        log.info(text, value=text)
        assert len(log_file.path.read_bytes().splitlines()) == 1
        assert log_file.only()["value"] == text.replace("\ud800", "\ufffd")

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (float("nan"), "nan"),
            (float("-inf"), "-inf"),
            (10**400, 10**400),
            (b"caf\xe9", "caf\ufffd"),
            (Path("/a/b"), "/a/b"),
            ({1: {2}}, {"1": [2]}),
            ((1, "a"), [1, "a"]),
            (None, None),
            (Unprintable(), "<unprintable Unprintable>"),
            ({"deep": [Unprintable(), float("inf")]}, {"deep": ["<unprintable Unprintable>", "inf"]}),
        ],
    )
    def test_other_values_become_text(self, log_file: LogFile, value: object, written: object) -> None:
        """Whatever is given, the line is written, and what can be kept is."""
        log.info("x", value=value)
        assert log_file.only()["value"] == written
        assert log_file.tally.counts == {}

    def test_an_integer_of_thousands_of_digits_is_no_trouble(self, log_file: LogFile) -> None:
        """Python refuses to print such a number; the line is written without its digits."""
        log.info("x", value=10**5000)
        assert log_file.only()["value"] == "<unprintable int>"

    def test_a_cycle_ends(self, log_file: LogFile) -> None:
        """Data that holds itself is written as deep as is useful."""
        loop: dict[str, Any] = {"a": 1}
        loop["self"] = loop
        log.info("x", value=loop)
        assert log_file.only()["value"]["self"]["self"]["a"] == 1

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        event=st.text(),
        fields=st.dictionaries(
            st.text().filter(lambda name: name not in {"event", "exc_info", "stack_info"}),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
                lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
            ),
            max_size=8,
        ),
    )
    def test_any_line_fits_the_schema(self, event: str, fields: dict[str, Any]) -> None:
        """Whatever an event and its fields are, the line is one line, fits the schema, and has every field."""
        (line,) = written(RUN, event, **fields)
        for name in fields:
            assert name in line or f"extra.{name}" in line


def written(run: RunFields, event: str, /, **fields: Any) -> list[dict[str, Any]]:
    """Take one line through a JSON chain, and read it."""
    texts: list[str] = []
    chain = [*json_chain(run), lambda _logger, _method, text: texts.append(text)]
    LogChannel(chain).emit("info", {"event": event, **fields})
    return parsed("\n".join(texts))


def test_values_bound_to_the_context_are_on_the_line(log_file: LogFile) -> None:
    """What an application binds by structlog's own context variables is there too."""
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(request="r-1"):
        log.info("x")
    assert log_file.only()["request"] == "r-1"


def test_baggage_is_not_on_the_line(log_file: LogFile) -> None:
    """Baggage may hold anything that a caller sent, so it is no field of a line."""
    from opentelemetry.context import attach, detach

    token = attach(baggage.set_baggage("user", "ada"))
    log.info("x")
    detach(token)
    assert "ada" not in log_file.path.read_text()


def test_the_processors_serve_in_a_chain_of_the_hosts(tmp_path: Path) -> None:
    """An application can put the processors into its own structlog configuration, one by one."""
    import structlog

    chain = [RUN, add_timestamp, add_severity, add_trace_ids, add_exception, redact_fields]
    with (tmp_path / "own.jsonl").open("w") as stream:
        own = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            [*chain, structlog.processors.JSONRenderer()],  # type: ignore[list-item]
        )
        own.info("compile.start", password="hunter2")
    (line,) = parsed((tmp_path / "own.jsonl").read_text())
    assert line["password"] == "[redacted]"
