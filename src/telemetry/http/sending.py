"""A call that goes out: it is begun, and given the headers that name it as the parent."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from sys import modules
from typing import Any

from telemetry._hotpath import ambient, switch
from telemetry.context import inject

from . import side
from .exchange import Exchange
from .method import method_attributes, span_name
from .quiet import quietly
from .url import redacted_url

_VERSION_LIMIT = 8


@quietly
def is_wanted() -> bool:
    """Tell whether a call is recorded here and now: there is a runtime, and nobody has silenced HTTP clients.

    The instrumentation of others does that while it records the same call, and so do exporters while they send.
    """
    return switch.recorder() is not None and not _is_silenced()


@quietly
def begin(
    method: str, url: str, host: str, port: int | None, headers: MutableMapping[str, str], resends: int = 0
) -> Exchange:
    """Begin the exchange of a call, and write its context into its headers.

    Args:
        method: As it is sent.
        url: The whole of it.
        host: The name or address in it.
        port: That of the scheme where the URL has none.
        headers: Those of the request; what an earlier send left there is replaced.
        resends: How often it was sent before, as a redirect or with credentials.
    """
    measured = {**method_attributes(method), "server.address": host}
    if port:
        measured["server.port"] = port
    attributes = {**measured, "url.full": redacted_url(url)}
    if resends:
        attributes["http.request.resend_count"] = resends
    measured.pop("http.request.method_original", None)
    exchange = Exchange(side.client(), span_name(method), attributes, measured, ambient.current())
    token = ambient.attach(exchange.values)
    try:
        inject(headers)
    finally:
        ambient.detach(token)
    if "opentelemetry.instrumentation" in modules:
        exchange.values = _silenced(exchange.values)
    return exchange


def http_version(text: str) -> str:
    """Give the version of a protocol's name: `HTTP/2` is `2`."""
    return text.removeprefix("HTTP/")[:_VERSION_LIMIT]


def _is_silenced() -> bool:
    values = ambient.current()
    return bool(values) and any(values.get(key) for key in _keys())


def _silenced(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Have the instrumentation of others pass over what is sent with these values: it would record a call twice."""
    from opentelemetry import context

    key = getattr(context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation")
    return context.set_value(key, True, values)  # type: ignore[arg-type]  # a Context by what it does


def _keys() -> tuple[str, ...]:
    from opentelemetry import context

    names = ("_SUPPRESS_INSTRUMENTATION_KEY", "_SUPPRESS_HTTP_INSTRUMENTATION_KEY")
    return ("suppress_instrumentation", *(getattr(context, name, "") for name in names))
