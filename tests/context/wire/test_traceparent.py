"""`traceparent`: what the grammar of W3C Trace Context accepts is read, and nothing else."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry import context
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from tests.context.wire import grammar
from tests.context.wire.service import HEADER, SPAN, TRACE

from telemetry._hotpath import TraceContext
from telemetry.context import format_traceparent, parse_traceparent

STEADY = settings(max_examples=60, deadline=None, derandomize=True)

near = st.text("0123456789abcdefAF-f \t.", max_size=60)
valid = st.from_regex(grammar.TRACEPARENT, fullmatch=True)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Change one letter of a valid header, or take it out, or put one in."""
    header = draw(valid)
    place = draw(st.integers(0, len(header)))
    put, taken = draw(st.text("0f-Fg \t\n.", max_size=1)), draw(st.integers(0, 1))
    return header[:place] + put + header[place + taken :]


@STEADY
@given(st.one_of(valid, spoilt(), near, st.text(max_size=70)))
@example(HEADER + " " * 600 + "x")
@example(f"00-{TRACE}-{SPAN}-0\u0661")
def test_it_is_read_exactly_where_the_grammar_takes_it(header: str) -> None:
    """No acceptance of what the grammar refuses, no refusal of what it accepts, and no exception."""
    assert (parse_traceparent(header) is not None) == grammar.is_traceparent(header)


@STEADY
@given(valid)
def test_what_is_read_is_what_was_written(header: str) -> None:
    """Ids are those of the header, flags are sampled and random, and it goes on in version 00."""
    found = parse_traceparent(header)
    assert found is not None
    version, trace, span, flags = header.strip(" \t")[:55].split("-")
    assert found.is_remote
    assert format_traceparent(found) == f"00-{trace}-{span}-{int(flags, 16) & 3:02x}", version


@STEADY
@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255))
def test_what_is_written_is_valid(trace_id: int, span_id: int, flags: int) -> None:
    """Every trace context makes a header of the grammar, without the flags that nobody knows (§3.2.2.5)."""
    header = format_traceparent(TraceContext(trace_id, span_id, flags))
    assert grammar.is_traceparent(header) and len(header) == 55
    found = parse_traceparent(header)
    assert found is not None
    assert (found.trace_id, found.span_id, found.trace_flags) == (trace_id, span_id, flags & 3)


@STEADY
@given(st.one_of(valid, spoilt(), near))
def test_opentelemetry_agrees(header: str) -> None:
    """Its propagator and ours take the same headers, but for those that its pattern reads otherwise."""
    theirs = get_current_span(TraceContextTextMapPropagator().extract({"traceparent": header}, context.Context()))
    if "\n" not in header:  # its pattern ends at a line break, and goes no further
        assert (parse_traceparent(header) is not None) == theirs.get_span_context().is_valid
