"""What a server does with the context of a peer: continue its trace, link to it, or refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, final

from telemetry._hotpath import Span, TraceContext, ambient, current_span

from .carrier import read_fields
from .customs import note
from .headers import read, received, without_span
from .routes import routes

if TYPE_CHECKING:
    from .carrier import Carrier

Mode = Literal["continue", "link", "refuse"]


@final
@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as the traces of here see it.

    Attributes:
        values: Goes to `attach`, for as long as the request is served.
        links: What the span of the request links to, with the attributes of the link.
    """

    values: dict[str, Any]
    links: tuple[tuple[Span | TraceContext, Mapping[str, Any]], ...] = field(default=())


def receive(headers: Carrier, mode: Mode = "continue") -> Incoming:
    """Take the context of a request, as far as the peer is trusted; the setting `incoming` says how far.

    Args:
        headers: What `extract` takes.
        mode: `continue` makes the peer's span the parent and takes its baggage, as `extract` does. `link` starts a
            trace of our own, with a link to the peer's span, and drops its baggage. `refuse`, and every other word,
            takes the headers for absent; a trace context among them is counted as `incoming_refused`.
    """
    fields = read_fields(headers, routes().wanted)
    if mode == "continue":
        return Incoming(received(fields))
    outer = ambient.current()
    peer = current_span(read(fields, ambient.Ambient()))
    if mode == "link":
        return Incoming(without_span(outer), () if peer is None else ((peer, {}),))
    if peer is not None:
        note("incoming_refused", "the trace context of a peer; the setting `incoming` says so")
    return Incoming(outer)
