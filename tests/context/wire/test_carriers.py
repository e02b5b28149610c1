"""Carriers of all shapes, and what becomes of the span that is current already."""

from __future__ import annotations

from collections import UserDict
from email.message import Message
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.context.wire.service import HEADER, SPAN, TRACE, served, trace_of

from telemetry import attach, current_span, detach, extract, inject, span
from telemetry.context import get_baggage
from telemetry.testing import Recording

MESSAGE = Message()
MESSAGE["TraceParent"] = HEADER
MESSAGE["tracestate"] = "a=1"
MESSAGE["tracestate"] = "b=2"


@pytest.mark.parametrize(
    "carrier",
    [
        {"traceparent": HEADER, "tracestate": "a=1,b=2"},
        {"Traceparent": [HEADER], "TRACESTATE": ["a=1", "b=2"]},
        {"traceparent": (HEADER.encode(),), "tracestate": (b"a=1", "b=2")},
        {b"traceparent": HEADER.encode(), b"tracestate": b"a=1, b=2"},
        [(b"traceparent", HEADER.encode()), (b"tracestate", b"a=1"), (b"tracestate", b"b=2")],
        [("traceparent", HEADER.encode()), ["tracestate", b"a=1,b=2"], ("x", None), ("only",), 3, "ab"],
        iter([("traceparent", HEADER), ("tracestate", "a=1,b=2")]),
        UserDict({"traceparent": HEADER, "tracestate": "a=1,b=2"}),
        httpx.Headers([("traceparent", HEADER), ("tracestate", "a=1"), ("tracestate", "b=2")]),
        MESSAGE,
    ],
)
def test_carriers_of_many_kinds(carrier: Any, recording: Recording) -> None:
    """Mappings and pairs, of text and of bytes, with one value or with several, as servers and brokers have them."""
    sent = served(carrier)
    assert (trace_of(sent), sent["tracestate"].replace(" ", "")) == (TRACE, "a=1,b=2")


class Broken:
    """Headers of a server that went wrong."""

    def items(self) -> Any:
        """Raise."""
        raise RuntimeError("connection lost")


@pytest.mark.parametrize("carrier", [None, 3, "traceparent", b"", [], [None], {3: HEADER}, {"x": object()}, Broken()])
def test_what_is_no_carrier_says_nothing(carrier: Any, recording: Recording) -> None:
    """The current span stays, and nothing raises."""
    with span("job") as opened:
        token = attach(extract(carrier))
        assert current_span() is opened
        detach(token)


@pytest.mark.parametrize("value", [None, 3, [], (), [None], {}, object()])
def test_a_traceparent_that_is_no_text_is_none(value: Any, recording: Recording) -> None:
    """A field without any text is as good as absent, and the current span stays."""
    with span("job") as opened:
        token = attach(extract({"traceparent": value}))
        assert current_span() is opened
        detach(token)


@pytest.mark.parametrize("value", ["garbage", "", b"\xff", [HEADER, HEADER], [HEADER, b""], f"{HEADER}, {HEADER}"])
def test_an_invalid_traceparent_restarts_the_trace(value: Any, recording: Recording) -> None:
    """Below an open span, what is served for such a request is a root; baggage is taken all the same (§4.3)."""
    with span("job") as opened:
        token = attach(extract({"traceparent": value, "baggage": "tenant=a"}))
        assert current_span() is None
        assert get_baggage() == {"tenant": "a"}
        with span("job.step") as step:
            pass
        detach(token)
        assert current_span() is opened
    assert step.parent_span_id is None and step.trace_id != opened.trace_id


def test_a_request_goes_above_the_span_that_is_current(recording: Recording) -> None:
    """The peer's span becomes the parent, and everything else that was attached stays."""
    outer = attach(extract({"baggage": "user=1,tenant=a"}))
    with span("job"):
        token = attach(extract({"traceparent": HEADER, "baggage": "user=2"}))
        with span("job.step") as step:
            assert get_baggage() == {"user": "2", "tenant": "a"}
        detach(token)
    detach(outer)
    assert (step.trace_id, step.parent_span_id) == (int(TRACE, 16), int(SPAN, 16))


def test_what_belongs_to_another_trace_is_taken_out(recording: Recording) -> None:
    """A proxy that sends on the headers it got: our `traceparent` never has the `tracestate` of theirs beside it."""
    carrier = {"traceparent": HEADER, "tracestate": "vendor=1", "accept": "*/*"}
    inject(carrier)
    assert carrier["tracestate"] == "vendor=1"
    with span("job") as opened:
        inject(carrier)
    expected = f"00-{opened.trace_id:032x}-{opened.span_id:016x}-03"
    assert carrier == {"traceparent": expected, "accept": "*/*"}


text = st.text(max_size=20) | st.binary(max_size=20) | st.none() | st.integers()
names = st.sampled_from(["traceparent", "Tracestate", "BAGGAGE", b"traceparent", "x"]) | text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.dictionaries(names, text | st.lists(text)) | st.lists(st.tuples(names, text) | text))
def test_no_carrier_raises(carrier: Any) -> None:
    """Whatever a server takes for headers; and what cannot name a parent does not."""
    token = attach(extract(carrier))
    try:
        assert current_span() is None
    finally:
        detach(token)
