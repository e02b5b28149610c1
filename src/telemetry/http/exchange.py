"""The exchange: one request and its response, as a span and a measurement of the same length.

Attributes, names and statuses follow OpenTelemetry's stable semantic conventions for HTTP spans and metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic_ns, time_ns
from typing import Any, final

from telemetry._hotpath import ambient, text

from .quiet import quietly
from .side import Side

_ACTIVE = ("http.request.method", "url.scheme")
_NO_RESPONSE = "no_response"


@final
class Exchange:
    """One request and its response; begun where it is made, finished once.

    Whoever drops it unfinished, such as a client that never reads a body, finishes it at the last sign of life.

    Args:
        side: Who records it.
        name: The name of the span.
        attributes: Those of the span from its start.
        measured: Those of the measurement; None where there is none.
        outer: The ambient values that the span stands in.
        links: OpenTelemetry's links to other spans.

    Attributes:
        values: The ambient values in which the span is the current one.
        route: Gives the new name of the span and its route when the exchange ends; None where there is none.
    """

    __slots__ = (
        "_begun_ns",
        "_ended_ns",
        "_error",
        "_has_failed",
        "_has_finished",
        "_has_left",
        "_last_ns",
        "_measured",
        "_side",
        "_span",
        "_start_ns",
        "_status",
        "route",
        "values",
    )

    def __init__(
        self,
        side: Side,
        name: str,
        attributes: Mapping[str, Any],
        measured: dict[str, Any] | None,
        outer: Mapping[str, Any],
        links: Sequence[Any] = (),
    ) -> None:
        self._has_finished = True  # until there is something to finish
        self._side = side
        self._measured = measured
        self._status = self._ended_ns = 0
        self._error = ""
        self._has_failed = self._has_left = False
        self.route: Callable[[], tuple[str, str] | None] | None = None
        self._start_ns = time_ns()
        self._begun_ns = self._last_ns = monotonic_ns()
        self._span = side.tracer.start_span(
            name, outer, side.kind, attributes, links, self._start_ns, record_exception=False
        )
        self.values: Mapping[str, Any] = ambient.holding(outer, self._span)
        self._count(1)
        self._has_finished = False

    @property
    def is_answered(self) -> bool:
        """Whether the status of the response is known."""
        return bool(self._status)

    @quietly
    def answer(self, status: int, version: str = "") -> None:
        """Note the status of the response, and the version of HTTP where it is known only now."""
        if 100 <= status <= 599:
            self._status = status
        if version:
            self._span.set_attribute("network.protocol.version", version)
            if self._measured is not None:
                self._measured["network.protocol.version"] = version

    @quietly
    def touch(self) -> None:
        """Note a sign of life."""
        self._last_ns = monotonic_ns()

    @quietly
    def leave(self, event: str = "") -> None:
        """Note that the client has gone: what the server does from now on is no error of its own."""
        if not (self._has_left or self._has_finished or self._ended_ns):
            self._has_left = True
            if event:
                self._span.add_event(event)

    @quietly
    def fail(self, error: BaseException) -> None:
        """Note what ended the exchange; a cancellation, or an error after the client has gone, is no failure."""
        if self._has_finished:
            return
        self._error = _type_name(error)
        if isinstance(error, Exception) and not self._has_left:
            self._has_failed = True
            self._span.record_exception(error)
            self._span.set_status(self._side.failed, text(error)[:1024])

    def stop(self) -> None:
        """Let this be the end; that of a failed response is recorded by `finish`, for an exception may still follow.

        Frameworks raise what went wrong again after they have answered, so that the server may log it.
        """
        self._ended_ns = monotonic_ns()
        if self._status < self._side.fails_from:
            self.finish()

    def finish(self) -> None:
        """End the span, here and now unless it has stopped, and record how long it took; once."""
        self._finish(self._ended_ns or monotonic_ns())

    @quietly
    def _finish(self, now_ns: int) -> None:
        if self._has_finished:
            return
        self._has_finished = True
        elapsed_ns = now_ns - self._begun_ns
        try:
            self._count(-1)
            known = self._conclude()
            if self._measured is not None:
                self._side.duration.record(elapsed_ns * 1e-9, {**self._measured, **known}, context=self.values)
        finally:
            self._span.end(self._start_ns + elapsed_ns)

    def _conclude(self) -> dict[str, Any]:
        """Set and give what is known only at the end."""
        known: dict[str, Any] = {}
        if self._status:
            known["http.response.status_code"] = self._status
        problem = str(self._status) if self._status >= self._side.fails_from else ""
        if not self._status and not self._error and not self._has_left:
            problem = _NO_RESPONSE
        if problem and not self._has_failed:
            self._span.set_status(self._side.failed)
        if self._error or problem:
            known["error.type"] = self._error or problem
        named = self.route() if self.route is not None else None
        if named is not None:
            name, known["http.route"] = named
            self._span.update_name(name)
        self._span.set_attributes(known)
        return known

    def _count(self, change: int) -> None:
        active = self._side.active
        if active is not None and self._measured is not None:
            active.add(change, {name: self._measured[name] for name in _ACTIVE})

    def __del__(self) -> None:
        if not getattr(self, "_has_finished", True):
            self._finish(self._ended_ns or self._last_ns)


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
