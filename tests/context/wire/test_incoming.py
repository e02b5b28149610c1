"""How far a peer is trusted: its trace is continued, linked to, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.context.wire.service import HEADER, SPAN, TRACE

from telemetry import attach, current_span, detach, span
from telemetry.context import Incoming, get_baggage, receive
from telemetry.testing import Recording

REQUEST = {"Traceparent": HEADER, "tracestate": "a=1", "baggage": "tenant=a"}


def seen(incoming: Incoming) -> tuple[Any, dict[str, str]]:
    """Give the current span and the baggage while a request is served."""
    token = attach(incoming.values)
    found = current_span(), dict(get_baggage())
    detach(token)
    return found


def test_continue_makes_the_peer_the_parent(recording: Recording) -> None:
    """As `extract` does, which is the default."""
    incoming = receive(REQUEST)
    parent, entries = seen(incoming)
    assert (parent.trace_id, parent.span_id, parent.tracestate) == (int(TRACE, 16), int(SPAN, 16), "a=1")
    assert (entries, incoming.links) == ({"tenant": "a"}, ())


def test_link_starts_a_trace_of_our_own(recording: Recording) -> None:
    """Even below an open span; the link has the peer's ids and tracestate, and its baggage is dropped."""
    with span("job"):
        incoming = receive(REQUEST, "link")
        assert seen(incoming) == (None, {})
    ((peer, attributes),) = incoming.links
    assert (peer.trace_id, peer.span_id, peer.tracestate, dict(attributes)) == (
        int(TRACE, 16),
        int(SPAN, 16),
        "a=1",
        {},
    )


def test_there_is_no_link_to_what_is_invalid(recording: Recording) -> None:
    """Such a request only starts a trace."""
    incoming = receive({"traceparent": [HEADER, HEADER]}, "link")
    assert (seen(incoming), incoming.links) == ((None, {}), ())


@pytest.mark.parametrize("mode", ["refuse", "anything else"])
def test_refuse_takes_the_headers_for_absent(mode: Any, recording: Recording) -> None:
    """The current span stays, nothing is linked, and each trace context that was refused is counted."""
    with span("job") as opened:
        incoming = receive(REQUEST, mode)
        assert seen(incoming) == (opened, {})
    assert incoming.links == ()
    assert receive({}, mode).links == ()
    assert recording.losses == {"incoming_refused": 1}
