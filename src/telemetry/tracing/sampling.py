"""Sampling with a `Sampler` object of OpenTelemetry's, asked at the start of each span.

The names that settings know are in `sampler`. The SDK is not imported: whoever plugs a sampler in has imported it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from telemetry._hotpath import Span, TraceContext, text

from .idgenerator import PluggedIds
from .sampler import Decide
from .terms import Terms

SAMPLED = 1
RANDOM = 2


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """What a sampler decided about one span.

    Attributes:
        attributes: What the span starts with.
        state: OpenTelemetry's `TraceState`; None for an empty one.
    """

    is_recording: bool
    is_sampled: bool
    attributes: Mapping[str, Any] | None = field(default_factory=dict)
    state: Any = None


@final
class Verdict(TraceContext):
    """The trace of one span, with the flags and the state that a sampler gave it."""

    __slots__ = ("records",)

    def __init__(self, trace_id: int, flags: int, state: str, *, records: bool) -> None:
        super().__init__(trace_id, 0, flags, state, is_remote=False)
        self.records = records

    def is_recording(self) -> bool:
        """Say whether the span is recorded, which one that is not sampled may be."""
        return self.records


def choose(
    terms: Terms,
    parent: Any,
    context: Any,
    trace_id: int,
    name: str,
    kind: Any,
    attributes: Mapping[str, Any] | None,
    links: Sequence[Any],
) -> Choice:
    """Decide about one span; `parent` is its parent's `SpanContext`, None for a root.

    Rules come first at a root, then the sampler that is plugged in, then the one of the settings. A sampler that raises
    is counted, and the span recorded.
    """
    state = parent.trace_state if parent is not None else None
    rules, sampler = terms.rules, terms.sampler
    ruling = rules.ruling(name, attributes or {}, trace_id) if parent is None and rules is not None else None
    if ruling is not None:
        return Choice(ruling.is_taken, ruling.is_taken, attributes, _stated(ruling.state))
    if sampler is None:
        return _by_flag(terms.decide, parent, trace_id, attributes, state)
    try:
        result = sampler.should_sample(context, trace_id, name, kind, attributes, links)
        decision = result.decision
        return Choice(decision.is_recording(), decision.is_sampled(), result.attributes, result.trace_state)
    except Exception as error:  # noqa: BLE001 -- a sampler is the user's code
        problem = f"{type(sampler).__name__} raised {type(error).__name__}: {text(error)}"
        terms.count("sampler_failed", problem)
        return Choice(True, True, attributes, state)


def _by_flag(
    decide: Decide | None, parent: Any, trace_id: int, attributes: Mapping[str, Any] | None, state: Any
) -> Choice:
    if parent is not None:
        is_sampled = bool(parent.trace_flags & SAMPLED)
    else:
        is_sampled = decide is None or decide(trace_id)
        state = _stated(getattr(decide, "state", "") if is_sampled else "")
    return Choice(is_sampled, is_sampled, attributes, state)


def _stated(header: str) -> Any:
    from opentelemetry.trace import TraceState

    return TraceState.from_header([header]) if header else None


def place_root(span: Span, rules: Any) -> None:
    """Give a root of ours the verdict of the rules, where one fits; `rules` are the `Rules` of the terms."""
    ruling = rules.ruling(span.site.name, _attributes(span), span.trace_id)
    if ruling is not None:
        flags = RANDOM | (SAMPLED if ruling.is_taken else 0)
        span.place(Verdict(span.trace_id, flags, ruling.state, records=ruling.is_taken))


def place(span: Span, outer: Any, terms: Terms) -> None:
    """Give a span of ours the ids and the verdict of what the user plugged in."""
    from opentelemetry.trace import SpanKind

    parent = span.parent
    trace_id, span_id, random = span.trace_id, 0, RANDOM
    if isinstance(terms.ids, PluggedIds):
        span_id = terms.ids.generate_span_id()
        if parent is None:
            trace_id = terms.ids.generate_trace_id()
            random = RANDOM if terms.ids.is_trace_id_random() else 0
    if parent is not None and not isinstance(parent, int):
        random = parent.trace_flags & RANDOM
    context = parent.get_span_context() if parent is not None and not isinstance(parent, int) else None
    attributes = _attributes(span)
    kind = SpanKind[span.site.kind.upper()]
    choice = choose(terms, context, outer or None, trace_id, span.site.name, kind, attributes, span.site.links)
    state = choice.state.to_header() if choice.state else ""
    flags = random | (SAMPLED if choice.is_sampled else 0)
    span.place(Verdict(trace_id, flags, state, records=choice.is_recording), span_id)
    added = {name: value for name, value in (choice.attributes or {}).items() if attributes.get(name) is not value}
    if added and choice.is_recording:
        span.details().foreign.update(added)


def _attributes(span: Span) -> dict[str, Any]:
    """Give what a span begins with."""
    values = {name: span.values[index] for name, index in span.site.captured.items()}
    captured = {name: value for name, value in values.items() if value is not None}
    return {**span.site.attributes, **captured, **(span.extra or {})}
