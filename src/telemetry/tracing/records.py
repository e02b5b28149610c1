"""What the contracts, limits and redaction make of spans: site by site in advance, or span by span."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

from telemetry._hotpath import Details, Site, Span, TraceContext, clean, protobuf, text
from telemetry.config import SpanLimits
from telemetry.contracts import Registry, SpanContract, is_secret_name
from telemetry.signals import AttributeValue, SpanEvent, SpanLink, SpanRecord

from .redaction import Redact, Redaction, shown_details, shown_message

Count = Callable[[str, str], None]
Kept = dict[str, AttributeValue]

DEFAULT_CODE = "internal"
"""The `error.code` of a failure that has none: the contracts ask every failure for one."""

_OF_FAILURES = frozenset(("error.type",))
_NONE = Details()
"""Stands for the details of a span that has none."""


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
    redact: Redaction
    count: Count

    def prepare(self, site: Site) -> None:
        """Make a site ready to write its spans by itself, as long as nothing rare happens to them."""
        contract = self.registry.spans[site.name]
        site.record = self.record
        site.detail = self.message
        site.is_cut = self.limits.detail_value_length is not None or self.limits.event_count < 1
        if "error.code" in self.registry.attributes:
            site.default_code = protobuf.attribute(protobuf.ATTRIBUTE, "error.code", DEFAULT_CODE)
        glance = replace(self, count=_count_nothing)
        admit = partial(self.admit, contract)
        site.prepare(admit, partial(glance.admit, contract), self.common, self.limits.attribute_count)
        if self._may_hold_secrets(contract, site):
            # A failure that meets a name of its own is written the general way, where the text of an exception is
            # compared with the values of its span.
            site.names |= _OF_FAILURES

    def admit(self, contract: SpanContract, name: str, value: Any) -> Any:
        """Give what may leave the process of an attribute, without secrets and bounded; None when it is refused."""
        breach = contract.breach(name, value, self.registry.attributes)
        if breach is None:
            return self._bounded(self.redact(name, value), self.limits.attribute_value_length)
        self.count("attribute_refused", f"{contract.name}: {breach}")
        return None

    def message(self, _name: str, message: str) -> Any:
        """Give what may leave the process of the text of an exception."""
        return self._bounded(shown_message(self.redact, message), self.limits.detail_value_length)

    def record(self, span: Span) -> SpanRecord:
        """Give the record of one finished span."""
        more = span.more or _NONE
        contract = self._contract(span.site.name, more.renamed)
        redact = self.redact.beside(seen_in(span))
        attributes, dropped = self._attributes(span, contract, failed=more.status == "error")
        events, dropped_events = self._events(span, more, redact)
        links, dropped_links = self._links([*span.site.links, *more.links], redact)
        return SpanRecord(
            name=contract.display_name(attributes) if more.renamed else contract.name,
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_span_id=span.parent_span_id,
            start_ns=span.start_ns,
            end_ns=span.end_ns or span.start_ns,
            attributes=attributes,
            kind=span.site.kind,
            status=more.status,
            status_description=redact("status", more.description),
            events=events,
            links=links,
            trace_flags=span.trace_flags,
            tracestate=span.tracestate,
            parent_is_remote=isinstance(span.parent, TraceContext) and span.parent.is_remote,
            dropped_attributes=dropped,
            dropped_events=dropped_events,
            dropped_links=dropped_links,
            running_ns=more.running_ns,
        )

    def _contract(self, name: str, renamed: str) -> SpanContract:
        if renamed and renamed not in self.registry.spans:
            if self.registry.spans[name].display:
                return self.registry.spans[name]
            self.count("span_refused", f"update_name({renamed!r}) on {name!r}: the registry has no such span")
            renamed = ""
        return self.registry.spans[renamed or name]

    def _attributes(self, span: Span, contract: SpanContract, *, failed: bool) -> tuple[Kept, int]:
        merged = dict(self.common)
        for table in _tables(span):
            merged.update(table)
        kept: Kept = {}
        for name, value in merged.items():
            if value is None:
                continue
            admitted = self.admit(contract, name, value)
            if admitted is not None:
                kept[name] = admitted
        if span.more is not None:
            self._add_foreign(kept, contract, span.more.foreign)
        if failed and "error.code" not in kept and "error.code" in self.registry.attributes:
            kept["error.code"] = DEFAULT_CODE
        return _within(kept, self.limits.attribute_count)

    def _add_foreign(self, kept: Kept, contract: SpanContract, given: Mapping[str, Any]) -> None:
        """Add what processors and samplers set: under the contract where it knows the name, else by policy."""
        common = self.registry.attributes
        for name, value in given.items():
            is_known = contract.allows(name, common)
            if is_known and (breach := contract.breach(name, value, common)) is not None:
                self.count("attribute_refused", f"{contract.name}: {breach}")
                continue
            policy = "allow" if is_known else self.registry.foreign
            if policy != "allow":
                reason = "foreign_attribute" if policy == "count" else "foreign_attribute_refused"
                self.count(reason, f"{contract.name}: {name!r} was set by a processor or sampler")
            if policy != "refuse" and (shown := self.redact(name, value)) is not None:
                kept[name] = self._bounded(shown, self.limits.attribute_value_length)

    def _events(self, span: Span, more: Details, redact: Redact) -> tuple[list[SpanEvent], int]:
        events = list(more.events)
        if more.failure is not None:
            events.append(("exception", span.end_ns or span.start_ns, more.failure.attributes()))
        dropped = max(0, len(events) - self.limits.event_count)
        limit = self.limits.event_attribute_count
        made = [
            SpanEvent(redact("event", name), time_ns, *self._details(details, limit, redact))
            for name, time_ns, details in events[dropped:]
        ]
        return made, dropped

    def _links(self, given: list[Any], redact: Redact) -> tuple[list[SpanLink], int]:
        links = [link for each in given if (link := self._link(each, redact)) is not None]
        kept = links[: self.limits.link_count]
        return kept, len(links) - len(kept)

    def _link(self, given: Any, redact: Redact) -> SpanLink | None:
        try:
            context, attributes = given if isinstance(given, tuple) else (given.context, given.attributes)
            if isinstance(context, str):
                self.count("link_refused", context)
                return None
            state: Any = getattr(context, "tracestate", None) or getattr(context, "trace_state", "")
            header = state if isinstance(state, str) else state.to_header()
            kept, dropped = self._details(attributes or {}, self.limits.link_attribute_count, redact)
            ids = int(context.trace_id), int(context.span_id), int(context.trace_flags)
            return SpanLink(*ids, header, kept, bool(getattr(context, "is_remote", False)), dropped)
        except Exception as error:  # noqa: BLE001 -- a link is what the user gave
            self.count("link_refused", f"{type(given).__name__} is no link: {type(error).__name__}: {text(error)}")
            return None

    def _details(self, given: Mapping[str, Any], limit: int, redact: Redact) -> tuple[Kept, int]:
        cleaned = {name: value for name, each in given.items() if (value := clean(each)) is not None}
        shown = shown_details(redact, cleaned)
        bounded = {name: self._bounded(value, self.limits.detail_value_length) for name, value in shown.items()}
        return _within(bounded, limit)

    def _may_hold_secrets(self, contract: SpanContract, site: Site) -> bool:
        declared = (*contract.attributes.values(), *self.registry.attributes.values())
        if any(attribute.sensitivity == "secret" for attribute in declared):
            return True
        return any(is_secret_name(name) for name in (*site.captured, *site.attributes))

    @staticmethod
    def _bounded(value: Any, limit: int | None) -> Any:
        if limit is None:
            return value
        if isinstance(value, str):
            return value[:limit]
        if isinstance(value, tuple):
            return tuple(item[:limit] if isinstance(item, str) else item for item in value)
        return value


def seen_in(span: Span) -> dict[str, list[Any]]:
    """Give all values that the attributes of a span were given, as they are; also those that others replaced."""
    seen: dict[str, list[Any]] = {}
    for table in (*_tables(span), span.more.foreign if span.more is not None else {}):
        for name, value in table.items():
            seen.setdefault(name, []).append(value)
    return seen


def _tables(span: Span) -> tuple[Mapping[str, Any], ...]:
    values = span.values
    captured = {name: values[index] for name, index in span.site.captured.items()} if values else {}
    return span.site.attributes, captured, span.extra or {}


def _count_nothing(_reason: str, _detail: str) -> None:
    """Look without counting."""


def _within(attributes: Kept, limit: int) -> tuple[Kept, int]:
    if len(attributes) <= limit:
        return attributes, 0
    return dict(list(attributes.items())[:limit]), len(attributes) - limit
