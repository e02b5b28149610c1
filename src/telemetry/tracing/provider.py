"""OpenTelemetry's tracer provider over our core: code that is written to its API records through this.

One provider serves the process, whatever its runtime: a tracer asks the terms of the runtime that is in now, so that
tests can swap it. It imports the API of OpenTelemetry; `runtime` installs it when an application has done so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from time import time_ns
from typing import Any, final

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags
from opentelemetry.util._decorator import _agnosticcontextmanager

from telemetry._hotpath import TraceContext, switch, undecided
from telemetry.errors import ConfigurationError
from telemetry.signals import Scope

from .foreign import Beginning, ForeignSpan
from .sampling import RANDOM, SAMPLED, choose
from .terms import Terms


@final
class Tracer(trace.Tracer):
    """Begins spans under one instrumentation scope; without a runtime they record nothing."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._terms: Terms | None = None
        switch.register(self)

    def _telemetry_attach(self, recorder: Any) -> None:
        """Take the terms of the runtime that records from now on."""
        self._terms = None if recorder is None else recorder.terms

    def start_span(
        self,
        name: str,
        context: Any = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        links: Sequence[Any] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Any:
        """Begin a span below the current one of `context`, without making it the current one."""
        links = links or ()
        kind = kind if isinstance(kind, SpanKind) else SpanKind.INTERNAL
        current = trace.get_current_span(context)
        parent: SpanContext | None = current.get_span_context()
        if parent is not None and not isinstance(parent, SpanContext):
            raise TypeError(f"the current span gives a {type(parent).__name__} for its context, not a SpanContext")
        terms = self._terms
        if terms is None or not terms.admit(self._scope.name, name):
            return NonRecordingSpan(parent if parent is not None else trace.INVALID_SPAN_CONTEXT)
        if parent is not None and not parent.is_valid:
            parent = None
        trace_id = terms.ids.generate_trace_id() if parent is None else parent.trace_id
        choice = choose(terms, parent, context, trace_id, name, kind, attributes, links)
        flags = (SAMPLED if choice.is_sampled else 0) | _random(terms, parent)
        own = SpanContext(trace_id, terms.ids.generate_span_id(), False, TraceFlags(flags), choice.state)
        waiting = None if choice.is_sampled else _undecided(terms, current if parent is not None else None, own)
        if not choice.is_recording and waiting is None:
            return NonRecordingSpan(own)
        begun = time_ns() if start_time is None else int(start_time)
        span = ForeignSpan(
            Beginning(
                name, own, parent, kind, choice.attributes, links, begun, record_exception, set_status_on_exception
            ),
            self._scope,
            terms,
            waiting,
        )
        span.show(context)
        return span

    @_agnosticcontextmanager
    def start_as_current_span(
        self,
        name: str,
        context: Any = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        links: Sequence[Any] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[Any]:
        """Begin a span and make it the current one, for a `with` block or a decorated function."""
        span = self.start_span(
            name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception
        )
        with trace.use_span(
            span,
            end_on_exit=end_on_exit,
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        ):
            yield span


@final
class TracerProvider(trace.TracerProvider):
    """The provider of the process: it gives tracers, and passes everything else on to the runtime.

    Args:
        owner: Gives the runtime of the process; None where there is none.
    """

    def __init__(self, owner: Callable[[], Any]) -> None:
        self._owner = owner
        self._tracers: dict[Any, Tracer] = {}
        self._lock = Lock()

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Any = None,
    ) -> Tracer:
        """Give the tracer of a scope; the same one for equal scopes."""
        scope = Scope(
            instrumenting_module_name or "",
            instrumenting_library_version or "",
            schema_url or "",
            dict(attributes or {}),
        )
        key = (scope.name, scope.version, scope.schema_url, repr(sorted(map(repr, scope.attributes.items()))))
        with self._lock:
            return self._tracers.get(key) or self._tracers.setdefault(key, Tracer(scope))

    @property
    def resource(self) -> Any:
        """Who records, as the SDK's `Resource`."""
        from .readable import sdk_resource

        return sdk_resource(self._runtime().resource)

    def add_span_processor(self, span_processor: Any) -> None:
        """Let a processor see all spans of the runtime from now on.

        Raises:
            ConfigurationError: Telemetry is not configured.
        """
        self._runtime().add_span_processor(span_processor)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Send what waits, in processors too; tell whether it arrived in time."""
        runtime = self._owner()
        return runtime is None or bool(runtime.flush(timeout_millis / 1000))

    def shutdown(self) -> None:
        """Close the runtime."""
        runtime = self._owner()
        if runtime is not None:
            runtime.retire(runtime)

    def _runtime(self) -> Any:
        runtime = self._owner()
        if runtime is None:
            raise ConfigurationError("telemetry is not configured; call telemetry.configure() first")
        return runtime


def _undecided(terms: Terms, parent: Any, own: SpanContext) -> undecided.Undecided | None:
    """Give the trace in which a span that was refused waits for a verdict; None where nobody asked for that."""
    keeping = terms.keeping
    if keeping is None:
        return None
    return keeping.trace_below(_seen(parent.get_span_context()) if _is_plain(parent) else parent, _seen(own))


def _is_plain(parent: Any) -> bool:
    return isinstance(parent, NonRecordingSpan)


def _seen(context: SpanContext) -> TraceContext:
    state = context.trace_state.to_header() if context.trace_state else ""
    ids = context.trace_id, context.span_id, int(context.trace_flags)
    return TraceContext(*ids, state, is_remote=context.is_remote)


def _random(terms: Terms, parent: SpanContext | None) -> int:
    if parent is None:
        return RANDOM if terms.ids.is_trace_id_random() else 0
    return parent.trace_flags & RANDOM
