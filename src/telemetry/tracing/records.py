"""Turns finished spans into records, checked against the contracts; off the thread that recorded them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

from telemetry._hotpath import Span, TraceContext
from telemetry._hotpath.values import clean
from telemetry.config import SpanLimits
from telemetry.contracts import Registry
from telemetry.signals import AttributeValue, SpanEvent, SpanLink, SpanRecord

Count = Callable[[str, str], None]
Redact = Callable[[str, Any], Any]


@final
@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes records of spans: attributes that the contract allows, within the limits, without secrets.

    Attributes:
        common: What every span of this process has, such as `host.kind`.
    """

    registry: Registry
    limits: SpanLimits
    common: Mapping[str, AttributeValue]
    redact: Redact
    count: Count

    def records(self, spans: Iterable[Span]) -> list[SpanRecord]:
        """Give the records of the sampled spans, in the order of their ends."""
        made = []
        for span in spans:
            if span.trace_flags & 1:
                made.append(self.record(span))
            else:
                self.count("sampled_out", "")
        return made

    def record(self, span: Span) -> SpanRecord:
        """Give the record of one finished span."""
        attributes, dropped = self._attributes(span)
        events, dropped_events = self._events(span)
        links = (*span.site.links, *span.links)
        return SpanRecord(
            name=span.name,
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_span_id=None if span.parent is None else span.parent.span_id,
            start_ns=span.start_ns,
            end_ns=span.end_ns or span.start_ns,
            attributes=attributes,
            kind=span.site.kind,  # type: ignore[arg-type]  # the decorator has checked it
            status=span.status[0],
            status_description=self.redact("status", span.status[1]),
            events=events,
            links=[self._link(context, given) for context, given in links[: self.limits.link_count]],
            trace_flags=span.trace_flags,
            tracestate=span.tracestate,
            parent_is_remote=isinstance(span.parent, TraceContext) and span.parent.is_remote,
            dropped_attributes=dropped,
            dropped_events=dropped_events,
            dropped_links=max(0, len(links) - self.limits.link_count),
            running_ns=span.running_ns,
        )

    def _attributes(self, span: Span) -> tuple[dict[str, AttributeValue], int]:
        site = span.site
        captured = ((name, span.values[index]) for name, index in site.captured.items())
        merged = {**self.common, **site.attributes, **dict(captured), **(span.extra or {})}
        contract, common = self.registry.span(site.name), self.registry.attributes
        kept: dict[str, AttributeValue] = {}
        for name, value in merged.items():
            if value is None:
                continue
            breach = contract.breach(name, value, common)
            if breach is not None:
                self.count("attribute_refused", f"{site.name}: {breach}")
                continue
            kept[name] = self._bounded(self.redact(name, value))
        if span.status[0] == "error" and "error.code" not in kept and "error.code" in common:
            # The contracts ask every failure for a code, and not every exception has one.
            kept["error.code"] = "internal"
        return self._within(kept, self.limits.attribute_count)

    def _events(self, span: Span) -> tuple[list[SpanEvent], int]:
        events = list(span.events)
        if span.failure is not None:
            events.append(("exception", span.end_ns or span.start_ns, span.failure.attributes()))
        limit = self.limits.event_count
        made = [SpanEvent(name, time_ns, self._details(details)) for name, time_ns, details in events[-limit:]]
        return made, max(0, len(events) - limit)

    def _link(self, context: Any, given: Mapping[str, Any]) -> SpanLink:
        state: Any = getattr(context, "tracestate", None) or getattr(context, "trace_state", "")
        header = state if isinstance(state, str) else state.to_header()
        details = self._details(given)
        return SpanLink(context.trace_id, context.span_id, int(context.trace_flags), header, details)

    def _details(self, given: Mapping[str, Any]) -> dict[str, AttributeValue]:
        cleaned = {name: clean(value) for name, value in given.items() if value is not None}
        bounded = {name: self._bounded(self.redact(name, value)) for name, value in cleaned.items()}
        return self._within(bounded, self.limits.attribute_count)[0]

    def _bounded(self, value: Any) -> AttributeValue:
        limit = self.limits.attribute_value_length
        if limit is None:
            return value  # type: ignore[no-any-return]
        if isinstance(value, str):
            return value[:limit]
        if isinstance(value, tuple):
            return tuple(item[:limit] if isinstance(item, str) else item for item in value)  # type: ignore[return-value]
        return value  # type: ignore[no-any-return]

    @staticmethod
    def _within(attributes: dict[str, AttributeValue], limit: int | None) -> tuple[dict[str, AttributeValue], int]:
        if limit is None or len(attributes) <= limit:
            return attributes, 0
        kept = dict(list(attributes.items())[:limit])
        return kept, len(attributes) - limit
