"""Spans that are begun through OpenTelemetry's API, beside those of decorated functions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as context_api
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState
from tests.opentelemetry.conftest import Shown

import telemetry
from telemetry.context import get_baggage
from telemetry.testing import Recording, isolated


def test_spans_of_both_kinds_nest_both_ways(recording: Recording) -> None:
    """A span of the API is the parent of a decorated function's, and the other way round, in one trace."""
    tracer = trace.get_tracer("library", "1.2")

    @telemetry.instrument_span("spec.parse")
    def parse() -> None:
        with tracer.start_as_current_span("inner"):
            pass

    with tracer.start_as_current_span("outer", kind=SpanKind.SERVER):
        parse()
    inner, parsed, outer = recording.spans
    assert (inner.name, parsed.name, outer.name) == ("inner", "spec.parse", "outer")
    assert inner.parent_span_id == parsed.span_id and parsed.parent_span_id == outer.span_id
    assert {inner.trace_id, parsed.trace_id} == {outer.trace_id} and outer.parent_span_id is None
    assert outer.kind == "server" and not parsed.parent_is_remote


def test_a_span_has_the_scope_of_its_tracer_and_ours_has_none(recording: Recording) -> None:
    """Name, version, schema and attributes of the scope are on the record, which tells foreign spans from ours."""
    tracer = trace.get_tracer("library", "1.2", schema_url="https://example.org/1", attributes={"team": "x"})
    with tracer.start_as_current_span("foreign"), telemetry.span("spec.parse"):
        pass
    ours, foreign = recording.spans
    assert ours.scope is None
    assert foreign.scope is not None
    assert (foreign.scope.name, foreign.scope.version) == ("library", "1.2")
    assert (foreign.scope.schema_url, foreign.scope.attributes) == ("https://example.org/1", {"team": "x"})


def test_equal_scopes_have_one_tracer(recording: Recording) -> None:
    """A program that asks for a tracer at each request keeps one tracer alive, not thousands."""
    assert trace.get_tracer("library", "1") is trace.get_tracer("library", "1")
    assert trace.get_tracer("library", "1") is not trace.get_tracer("library", "2")


def test_decorated_functions_of_the_api(shown: Shown) -> None:
    """`start_as_current_span` decorates functions and coroutine functions, and the exception goes on."""
    tracer = trace.get_tracer("library")

    @tracer.start_as_current_span("plain")
    def plain(value: int) -> int:
        return value + 1

    @tracer.start_as_current_span("awaited")
    async def awaited() -> bool:
        await asyncio.sleep(0.01)
        return trace.get_current_span().is_recording()

    @tracer.start_as_current_span("failing")
    def failing() -> None:
        raise KeyError("lost")

    assert plain(1) == 2
    assert asyncio.run(awaited())
    with pytest.raises(KeyError, match="lost"):
        failing()
    assert shown.names == ["plain", "awaited", "failing"]
    assert shown["awaited"].end_time - shown["awaited"].start_time >= 10_000_000  # type: ignore[operator]
    assert shown["failing"].status.status_code is StatusCode.ERROR
    assert shown["failing"].status.description == "KeyError: 'lost'"
    (event,) = shown["failing"].events
    assert event.name == "exception"
    assert event.attributes is not None
    assert event.attributes["exception.type"] == "KeyError"
    assert "in failing" in str(event.attributes["exception.stacktrace"])


@pytest.mark.parametrize(("records", "marks"), [(False, False), (True, False), (False, True)])
def test_exceptions_are_recorded_only_where_that_is_asked_for(shown: Shown, records: bool, marks: bool) -> None:
    """`record_exception` and `set_status_on_exception` are two switches."""
    tracer = trace.get_tracer("library")
    with (
        pytest.raises(ValueError, match="bad"),
        tracer.start_as_current_span("x", record_exception=records, set_status_on_exception=marks),
    ):
        raise ValueError("bad")
    assert len(shown["x"].events) == records
    assert (shown["x"].status.status_code is StatusCode.ERROR) == marks


def test_a_block_may_leave_its_span_open(shown: Shown) -> None:
    """`end_on_exit=False` leaves the end to the application, and its time."""
    tracer = trace.get_tracer("library")
    with tracer.start_as_current_span("long", start_time=1_000, end_on_exit=False) as span:
        pass
    assert shown.names == [] and span.is_recording()
    span.end(5_000)
    assert (shown["long"].start_time, shown["long"].end_time) == (1_000, 5_000)


def test_ok_is_final_and_unset_is_ignored(shown: Shown) -> None:
    """Trace API, Set Status: after Ok nothing changes the status; an error's text goes when it becomes Ok."""
    span = trace.get_tracer("library").start_span("x")
    span.set_status(StatusCode.ERROR, "first")
    span.set_status(StatusCode.UNSET)
    assert span.status.description == "first"  # type: ignore[attr-defined]
    span.set_status(Status(StatusCode.OK))
    span.set_status(StatusCode.ERROR, "late")
    span.end()
    assert (shown["x"].status.status_code, shown["x"].status.description) == (StatusCode.OK, None)


def test_nothing_counts_after_the_end(shown: Shown) -> None:
    """Every setter is ignored after the end, and so is a second end."""
    span = trace.get_tracer("library").start_span("x")
    span.end(2_000)
    span.set_attribute("a", 1)
    span.set_attributes({"b": 2})
    span.add_event("c")
    span.add_link(SpanContext(1, 1, False))
    span.update_name("d")
    span.set_status(StatusCode.ERROR)
    span.record_exception(ValueError())
    span.end(3_000)
    assert not span.is_recording()
    (found,) = shown.get_finished_spans()
    assert found.end_time == 2_000
    assert (found.name, dict(found.attributes or {}), found.events, found.links) == ("x", {}, (), ())


def test_an_explicit_context_is_the_parent_and_none_in_it_is_a_root(recording: Recording) -> None:
    """A remote parent gives ids, state and its verdict; an empty context begins a new trace."""
    tracer = trace.get_tracer("library")
    state = TraceState([("vendor", "x")])
    for flags in (1, 0):
        remote = SpanContext(0xABC, 0xDEF, True, TraceFlags(flags), state)
        context = trace.set_span_in_context(NonRecordingSpan(remote))
        with telemetry.span("spec.parse"), tracer.start_as_current_span(f"below {flags}", context) as span:
            assert span.get_span_context().trace_id == 0xABC
            assert span.get_span_context().trace_state == state
            assert span.is_recording() == bool(flags)
    tracer.start_span("root", context_api.Context()).end()
    records = {record.name: record for record in recording.spans}
    below = records["below 1"]
    assert (below.parent_span_id, below.parent_is_remote, below.tracestate) == (0xDEF, True, "vendor=x")
    assert records["root"].parent_span_id is None
    assert "below 0" not in records


def test_a_span_that_is_not_recorded_still_carries_the_trace(recording: Recording) -> None:
    """Below an unsampled remote parent decorated functions keep its trace, unrecorded."""
    remote = SpanContext(0xABC, 0xDEF, True, TraceFlags(0))
    context = trace.set_span_in_context(NonRecordingSpan(remote))
    with trace.get_tracer("library").start_as_current_span("x", context), telemetry.span("spec.parse") as span:
        assert span.trace_id == 0xABC and not span.is_recording()
    assert recording.spans == []


def test_a_decorated_function_shows_the_span_of_the_api_and_keeps_baggage(recording: Recording) -> None:
    """`telemetry.current_span()` is the span that the API began; attributes set there count; baggage is shared."""
    token = context_api.attach(baggage.set_baggage("tenant", "t1"))
    with trace.get_tracer("library").start_as_current_span("x"):
        current: Any = telemetry.current_span()
        current.set_attribute("seen", True)
        carrier: dict[str, str] = {}
        telemetry.inject(carrier)
        assert get_baggage() == {"tenant": "t1"}
    context_api.detach(token)
    (span,) = recording.spans
    assert span.attributes["seen"] is True
    assert carrier["traceparent"] == f"00-{span.trace_id:032x}-{span.span_id:016x}-03"
    assert "baggage" not in carrier  # `baggage_keys` names nothing


def test_secrets_do_not_leave_in_spans_of_the_api(recording: Recording) -> None:
    """Attributes, events and status texts are redacted, at any depth."""
    with trace.get_tracer("library").start_as_current_span("x") as span:
        span.set_attribute("password", "hunter2")
        span.set_attribute("config", {"db": {"password": "hunter2"}, "url": "https://ci:hunter2@host/"})
        span.add_event("e", {"header": "Authorization: Bearer abcdefghijklmnop"})
        span.set_status(StatusCode.ERROR, "password=hunter2")
    assert "hunter2" not in repr(recording.spans) and "abcdefghijklmnop" not in repr(recording.spans)


def test_tracers_follow_the_runtime(recording: Recording) -> None:
    """A tracer that was made before records into whatever runtime is in, and nowhere without one."""
    tracer = trace.get_tracer("library")
    with isolated() as inner:
        tracer.start_span("inside").end()
        assert [span.name for span in inner.spans] == ["inside"]
    tracer.start_span("outside").end()
    assert [span.name for span in recording.spans] == ["outside"]


def test_without_a_runtime_the_api_passes_the_trace_on() -> None:
    """Outside of any runtime a span does not record, and keeps the ids of its parent."""
    with isolated():
        tracer = trace.get_tracer("library")
    assert not tracer.start_span("x").get_span_context().is_valid
    remote = SpanContext(0xABC, 0xDEF, True, TraceFlags(1))
    below = tracer.start_span("x", trace.set_span_in_context(NonRecordingSpan(remote)))
    assert below.get_span_context() == remote and not below.is_recording()
    with pytest.raises(telemetry.ConfigurationError, match=r"telemetry\.configure"):
        trace.get_tracer_provider().add_span_processor(None)  # type: ignore[attr-defined]


def test_bad_use_never_raises_into_the_application(recording: Recording) -> None:
    """Odd values and exceptions whose text raises are taken, or dropped."""

    class BadError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with trace.get_tracer("library").start_as_current_span("x") as span:
        span.set_attribute("", "no name")
        span.set_attribute("object", object())  # type: ignore[arg-type]
        span.set_attribute("large", 1 << 80)
        span.record_exception(BadError())
        span.set_status(None)  # type: ignore[arg-type]
        span.add_link(None)  # type: ignore[arg-type]
        span.set_attributes([1])  # type: ignore[arg-type]
        span.add_event(7, [1], 1.5e9)  # type: ignore[arg-type]
    odd: Any = trace.get_tracer("library").start_span("odd", kind=None, attributes=3, links=[7])  # type: ignore[arg-type, list-item]
    odd.update_name(object)
    odd.end(1e18)
    found, other = recording.spans
    assert (other.end_ns, other.kind, other.attributes) == (10**18, "internal", {})
    assert recording.losses == {"attribute_refused": 3}
    assert found.dropped_attributes == 1
    assert "str() raised RuntimeError" in str(found.events[0].attributes["exception.message"])


@pytest.mark.parametrize(("policy", "recorded", "reason"), [("count", 1, "foreign_span"), ("refuse", 0, "refused")])
def test_foreign_spans_are_recorded_by_policy(tmp_path: Any, policy: str, recorded: int, reason: str) -> None:
    """The registry's `foreign` key says whether spans in no contract are recorded; what it does not like is counted."""
    registry = tmp_path / "registry.json"
    registry.write_text(f'{{"name": "strict", "foreign": "{policy}"}}')
    with isolated(registry=registry) as recording:
        with trace.get_tracer("library").start_as_current_span("x"), telemetry.span("spec.parse"):
            pass
        names = [span.name for span in recording.spans]
    assert names == ["spec.parse", "x"][: 1 + recorded]
    assert recording.spans[0].parent_span_id is not None if recorded else recording.spans[0].parent_span_id is None
    assert {name: count for name, count in recording.losses.items() if reason in name} == {
        "foreign_span" if recorded else "foreign_span_refused": 1
    }
