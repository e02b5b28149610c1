"""Headers: a trace and its baggage cross a boundary, whatever comes in; `wire/` has the formats in full."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage
from opentelemetry.trace import TraceFlags

from telemetry import attach, current_span, detach, extract, inject, span
from telemetry.testing import Recording, isolated

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
HEADER = f"00-{TRACE}-{SPAN}-01"


def test_a_trace_goes_on_across_a_boundary(recording: Recording) -> None:
    """What `inject` writes on one side, `extract` and `attach` make the parent on the other."""
    carrier: dict[str, str] = {}
    inject(carrier)
    assert carrier == {}
    with span("job") as sender:
        inject(carrier)
    assert carrier == {"traceparent": f"00-{sender.trace_id:032x}-{sender.span_id:016x}-03"}
    token = attach(extract(carrier))
    with span("job.step") as receiver:
        pass
    detach(token)
    assert current_span() is None
    assert (receiver.trace_id, receiver.parent_span_id) == (sender.trace_id, sender.span_id)
    assert [each.parent_is_remote for each in recording.spans] == [False, True]


def test_state_and_baggage_travel_along() -> None:
    """`tracestate` goes through to the records and out again; baggage is what OpenTelemetry sees as its own."""
    incoming = {"traceparent": HEADER, "tracestate": "vendor=opaque, other=2", "baggage": "tenant=a%20b,user=1"}
    with isolated(baggage_keys=["tenant", "user"]) as recording:
        token = attach(extract(incoming))
        with span("spec.parse") as opened:
            outgoing: dict[str, str] = {}
            inject(outgoing)
            assert baggage.get_baggage("tenant") == "a b"
            state = opened.get_span_context().trace_state
            assert (state.get("vendor"), state.get("other")) == ("opaque", "2")
        detach(token)
    assert outgoing["traceparent"] == f"00-{TRACE}-{opened.span_id:016x}-01"
    assert (outgoing["tracestate"], outgoing["baggage"]) == ("vendor=opaque,other=2", "tenant=a%20b,user=1")
    assert recording.spans[0].tracestate == "vendor=opaque,other=2"


def seconds_of(use: Callable[[], object]) -> float:
    """Time a call, the best of five, by the processor's clock."""

    def once() -> float:
        begun = time.process_time()
        use()
        return time.process_time() - begun

    return min(once() for _ in range(5))


LONG = 8000
HOSTILE: dict[str, Callable[[int], str]] = {
    "blanks": lambda size: " " * size,
    "tabs": lambda size: "\t" * size + "a=1",
    "blanks in a value": lambda size: "a=" + " " * size + "1",
    "blanks after a key": lambda size: "a" + " " * size + "=1",
    "blanks between members": lambda size: "a=1" + " " * size + ",b=2",
    "commas": lambda size: "," * size,
    "commas and blanks": lambda size: " ," * (size // 2),
    "equals": lambda size: "=" * size,
    "keys": lambda size: "a=" * (size // 2),
    "members": lambda size: "".join(f"k{number:05}=v," for number in range(size // 9)),
    "properties": lambda size: "a=1" + ";p" * (size // 2),
    "escapes": lambda size: "a=" + "%41" * (size // 3),
    "tenants": lambda size: "a@" * (size // 2),
    "dashes": lambda size: HEADER + "-" * size,
}


@pytest.mark.parametrize("name", ["traceparent", "tracestate", "baggage"])
@pytest.mark.parametrize("shape", HOSTILE)
def test_no_header_takes_time_that_grows_with_its_square(shape: str, name: str) -> None:
    """The longest header that is read costs little, whatever is in it; and one that is longer costs no more."""
    for size in (LONG, 8192 - len(HEADER), 1_000_000):
        carrier = {**({} if name == "traceparent" else {"traceparent": HEADER}), name: HOSTILE[shape](size)}
        assert seconds_of(lambda carrier=carrier: extract(carrier)) < 0.02, size  # type: ignore[misc]


def test_a_remote_parent_is_what_opentelemetry_sees(recording: Recording) -> None:
    """Between `extract` and the first span of ours, its current span is the remote one, and does not record."""
    from opentelemetry import trace

    token = attach(extract({"traceparent": HEADER, "tracestate": "a=1"}))
    found: Any = trace.get_current_span()
    detach(token)
    seen = found.get_span_context()
    assert (seen.trace_id, seen.span_id, seen.is_remote) == (int(TRACE, 16), int(SPAN, 16), True)
    assert seen.trace_flags == TraceFlags(1) and seen.trace_state.get("a") == "1"
    assert not found.is_recording()
    found.set_attribute("a", 1)
    found.set_attributes({"a": 1})
    found.add_event("e")
    found.end()
    assert recording.spans == []
