"""The reception of a server: what ASGI and WSGI have in common when a request comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

from telemetry._hotpath import ambient
from telemetry.config import Incoming
from telemetry.context import receive

from . import side
from .exchange import Exchange
from .method import method_attributes, span_name
from .policy import Policy
from .quiet import quietly
from .url import bounded, host_and_port, redacted_query

MARK = "telemetry.http.served"
"""The key of a scope or environ that says that a middleware of ours has it already."""

_AGENT_LIMIT = 256

Route = Callable[[Any], "str | None"]


@final
@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as it came in, of whatever protocol between server and application.

    Attributes:
        path: Percent-encoded, as it was sent.
        version: Of HTTP, as `1.1`.
        headers: By lower-case name; those that came several times are joined by commas.
        peer: The address that the connection came from; empty where it is not known.
        is_websocket: Whether it opens a connection rather than asking for one response.
    """

    method: str
    scheme: str
    path: str
    query: str
    version: str
    headers: Mapping[str, str]
    peer: str
    is_websocket: bool = False


@final
class Reception:
    """Begins the exchange of each request; one a middleware.

    Args:
        incoming: What becomes of the trace that a request brings; None for the setting `incoming`.
        trusts: Gives that for one request, from its scope or environ.
        route: Gives the route of a request, once it has been served.
        client_address: Whether spans have the address of the peer, which may be personal data.

    Raises:
        ConfigurationError: There is no such mode.
    """

    __slots__ = ("_client_address", "_policy", "_route")

    def __init__(
        self,
        incoming: Incoming | None,
        trusts: Callable[[Any], Incoming | None] | None,
        route: Route,
        *,
        client_address: bool,
    ) -> None:
        self._policy = Policy(incoming, trusts)
        self._route = route
        self._client_address = client_address
        side.server()

    @quietly
    def begin(self, arrival: Arrival, request: Any) -> Exchange:
        """Begin the exchange of a request, given as it came in and as its scope or environ."""
        attributes = self._attributes(arrival)
        measured = None
        if not arrival.is_websocket:
            shared = ("http.request.method", "url.scheme", "network.protocol.version")
            measured = {name: attributes[name] for name in shared if name in attributes}
        mode = self._policy.mode(request)
        # The span or baggage that the server was started under is nobody's who asks it.
        token = ambient.attach(ambient.Ambient())
        try:
            received = receive(arrival.headers, mode)
        finally:
            ambient.detach(token)
        links = [_link(context, more) for context, more in received.links]
        exchange = Exchange(side.server(), span_name(arrival.method), attributes, measured, received.values, links)
        exchange.route = lambda: self._named(arrival.method, request)
        return exchange

    def _attributes(self, arrival: Arrival) -> dict[str, Any]:
        host, port = host_and_port(arrival.headers.get("host", ""), arrival.scheme)
        known = {
            "url.path": bounded(arrival.path),
            "url.scheme": arrival.scheme[:16],
            "url.query": redacted_query(arrival.query),
            "server.address": host,
            "server.port": port,
            "network.protocol.name": "websocket" if arrival.is_websocket else "",
            "network.protocol.version": arrival.version[:8],
            "user_agent.original": arrival.headers.get("user-agent", "")[:_AGENT_LIMIT],
            "client.address": arrival.peer[:_AGENT_LIMIT] if self._client_address else "",
        }
        return {**method_attributes(arrival.method), **{name: value for name, value in known.items() if value}}

    @quietly
    def _named(self, method: str, request: Any) -> tuple[str, str] | None:
        route = self._route(request)
        if not isinstance(route, str) or not route:
            return None
        return span_name(method, bounded(route)), bounded(route)


def joined(pairs: Any) -> dict[str, str]:
    """Make a mapping of header lines, given as pairs of bytes or text; what is neither is left out.

    Lines of one name become one, as HTTP has it (RFC 9110, §5.3).
    """
    lines: dict[str, list[str]] = {}
    for name, value in pairs:
        key, content = _text(name).lower(), _text(value)
        if key:
            lines.setdefault(key, []).append(content)
    return {name: ",".join(values) for name, values in lines.items()}


def _text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def _link(context: Any, attributes: Mapping[str, Any]) -> Any:
    from opentelemetry.trace import Link

    return Link(context.get_span_context(), dict(attributes))
