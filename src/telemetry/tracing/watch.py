"""Shows the spans of decorated functions to samplers, id generators and processors.

They are of OpenTelemetry's kind. A site has a watch only while there is somebody to show its spans to; without one it
pays nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, final

from telemetry._hotpath import Span, clean, text
from telemetry.signals import SpanRecord

from .keeping import is_dropped_by
from .records import Recorder
from .sampling import place, place_root
from .terms import Terms


@final
class Watch:
    """What `Site.watch` is: called by the hot path at the start and at the end of each span; never raises."""

    __slots__ = ("_glance", "_record", "_terms")

    def __init__(self, terms: Terms, recorder: Recorder) -> None:
        self._terms = terms
        self._record = recorder.record
        # A look at an open span must not count what its end will count.
        self._glance = replace(recorder, count=lambda _reason, _detail: None).record

    def started(self, span: Span, outer: Any) -> None:
        """Let the sampler decide, and the processors see a span that has begun among the ambient values `outer`."""
        try:
            terms = self._terms
            rules, keeping = terms.rules, terms.keeping
            if terms.are_placed:
                place(span, outer, terms)
            elif rules is not None and span.parent is None:
                place_root(span, rules)
            if keeping is not None:
                keeping.hold(span)
            if terms.processors.row and span.is_recording():
                terms.processors.started(self._live(span), outer or None)
        except Exception as error:  # noqa: BLE001 -- what is plugged in is the user's code
            self._failed(error)

    def ending(self, span: Span) -> None:
        """Show a span that is about to end."""
        if self._terms.processors.row:
            try:
                self._terms.processors.ending(self._live(span))
            except Exception as error:  # noqa: BLE001 -- as above
                self._failed(error)

    def record(self, span: Span) -> SpanRecord | None:
        """Make the record of a span that has ended; None where that fails, or nobody wants it."""
        try:
            if self._terms.keeping is not None and not self._terms.processors.row and is_dropped_by(span):
                return None
            return self._record(span)
        except Exception as error:  # noqa: BLE001 -- attributes are what the user gave
            self._failed(error)
            return None

    def ended(self, record: SpanRecord | None) -> None:
        """Show a span that has ended."""
        if self._terms.processors.row and record is not None:
            try:
                self._terms.processors.ended(self._terms.readables.finished(record))
            except Exception as error:  # noqa: BLE001 -- as above
                self._failed(error)

    def _live(self, span: Span) -> Any:
        return self._terms.readables.live(span, partial(self._glance, span), partial(_add, span))

    def _failed(self, error: Exception) -> None:
        self._terms.count("processor_failed", f"a span could not be shown: {type(error).__name__}: {text(error)}")


def _add(span: Span, name: str, value: Any) -> None:
    """Set an attribute that the contract of the span may not know."""
    value = clean(value)
    if value is not None:
        span.details().foreign[text(name)] = value
