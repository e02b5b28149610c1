"""Samplers and id generators of OpenTelemetry's, plugged in as objects, over the spans of both kinds."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    StaticSampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState
from tests.opentelemetry.conftest import Shown, plug_in
from tests.runtime.conftest import Run

import telemetry
from telemetry.testing import Recording, isolated


def both(recording: Recording) -> list[str]:
    """Record a decorated function around a block of the API; give the names of what was kept."""

    @telemetry.instrument_span("codegen.lower", capture={"operator.name": "operator"})
    def lower(operator: str) -> str:
        with trace.get_tracer("library").start_as_current_span("api", attributes={"n": 1}):
            return operator

    assert lower("add") == "add"
    return [span.name for span in recording.spans]


@pytest.mark.parametrize(
    ("sampler", "kept"),
    [
        (ALWAYS_ON, ["api", "codegen.lower"]),
        (ALWAYS_OFF, []),
        (ParentBased(ALWAYS_ON), ["api", "codegen.lower"]),
        (ParentBased(ALWAYS_OFF), []),
        (ParentBased(ALWAYS_ON, local_parent_sampled=ALWAYS_OFF), ["codegen.lower"]),
        (TraceIdRatioBased(1.0), ["api", "codegen.lower"]),
        (TraceIdRatioBased(0.0), []),
    ],
)
def test_samplers_of_the_sdk_decide_about_both_kinds(sampler: Sampler, kept: list[str]) -> None:
    """What the sampler drops is in no sink and comes to no processor."""
    with isolated(sampler=sampler) as recording:
        shown = plug_in()
        assert both(recording) == kept
        assert shown.names == kept


def test_a_ratio_takes_that_share_of_traces_whole() -> None:
    """Half of the traces are kept, each with all of its spans."""
    with isolated(sampler=ParentBased(TraceIdRatioBased(0.5))) as recording:
        for _ in range(200):
            both(recording)
        spans = recording.spans
    roots = [span for span in spans if span.parent_span_id is None]
    assert 60 < len(roots) < 140
    assert len(spans) == 2 * len(roots)


class Choosing(Sampler):
    """A user's sampler, which adds attributes and a state."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def should_sample(
        self,
        parent_context: Any,
        trace_id: int,
        name: str,
        kind: Any = None,
        attributes: Any = None,
        links: Any = None,
        trace_state: Any = None,
    ) -> SamplingResult:
        """Note what was asked, and keep everything."""
        parent = trace.get_current_span(parent_context).get_span_context()
        self.asked.append((name, kind.name, dict(attributes or {}), parent.is_valid))
        state = TraceState([("rule", name.replace(".", "-"))])
        return SamplingResult(Decision.RECORD_AND_SAMPLE, {**(attributes or {}), "rule": "all"}, state)

    def get_description(self) -> str:
        """Name it."""
        return "Choosing"


def test_a_sampler_sees_the_span_and_leaves_attributes_and_a_state() -> None:
    """It is asked with name, kind, attributes and parent; its attributes and tracestate are on the span."""
    sampler = Choosing()
    with isolated(sampler=sampler) as recording:
        both(recording)
        with telemetry.span("spec.parse"):
            carrier: dict[str, str] = {}
            telemetry.inject(carrier)
        api, lowered, _ = recording.spans
    assert sampler.asked == [
        ("codegen.lower", "INTERNAL", {"operator.name": "add"}, False),
        ("api", "INTERNAL", {"n": 1}, True),
        ("spec.parse", "INTERNAL", {}, False),
    ]
    assert api.attributes == {"n": 1, "rule": "all"}
    assert lowered.attributes["rule"] == "all"
    assert (api.tracestate, lowered.tracestate) == ("rule=api", "rule=codegen-lower")
    assert carrier["tracestate"] == "rule=spec-parse"


def test_recorded_only_is_shown_and_not_exported() -> None:
    """RECORD_ONLY: processors see the span, which records, but its flag is off and no exporter gets it."""
    with isolated(sampler=StaticSampler(Decision.RECORD_ONLY)) as recording:
        seen: list[tuple[str, bool, int]] = []

        class Watching(trace.NoOpTracerProvider):
            def on_start(self, span: Any, parent_context: Any = None) -> None:
                seen.append((span.name, span.is_recording(), span.context.trace_flags & 1))

            def on_end(self, span: Any) -> None:
                seen.append((span.name, span.is_recording() if hasattr(span, "is_recording") else False, 0))

        trace.get_tracer_provider().add_span_processor(Watching())  # type: ignore[attr-defined]
        shown = plug_in()
        assert both(recording) == [] and shown.names == []
    assert seen == [
        ("codegen.lower", True, 0),
        ("api", True, 0),
        ("api", False, 0),
        ("codegen.lower", False, 0),
    ]


def test_a_sampler_that_raises_is_counted_and_spans_are_kept() -> None:
    """The application does not notice."""

    class Broken(Choosing):
        def should_sample(self, *_: Any, **__: Any) -> SamplingResult:
            raise RuntimeError("no")

    with isolated(sampler=Broken()) as recording:
        assert both(recording) == ["api", "codegen.lower"]
        assert recording.losses == {"sampler_failed": 2}


class Counting(IdGenerator):
    """A user's generator, whose ids are to be foretold."""

    def __init__(self) -> None:
        self._spans = count(1)
        self._traces = count(1000)

    def generate_span_id(self) -> int:
        """Give the next span id."""
        return next(self._spans)

    def generate_trace_id(self) -> int:
        """Give the next trace id."""
        return next(self._traces)


def test_an_id_generator_makes_all_ids() -> None:
    """Spans of both kinds have its ids, children name their parents by them, and no promise of randomness is made."""
    with isolated(id_generator=Counting()) as recording:
        shown = plug_in()
        both(recording)
        with telemetry.span("spec.parse"), telemetry.span("plan.compile_graph"):
            pass
        api, lowered, planned, parsed = recording.spans
    assert (lowered.span_id, api.span_id) == (1, 2)
    assert (lowered.trace_id, api.trace_id, api.parent_span_id) == (1000, 1000, 1)
    assert (parsed.trace_id, parsed.span_id, planned.span_id, planned.parent_span_id) == (1001, 3, 4, 3)
    assert {span.trace_flags for span in (api, lowered, planned, parsed)} == {1}
    assert shown["api"].context.span_id == 2
    assert shown["plan.compile_graph"].parent is not None and shown["plan.compile_graph"].parent.span_id == 3


def test_the_generator_of_the_sdk_promises_random_ids() -> None:
    """`RandomIdGenerator` works, and its promise is the random flag of W3C Trace Context level 2."""
    with isolated(id_generator=RandomIdGenerator()) as recording:
        both(recording)
        api, lowered = recording.spans
    assert api.trace_id == lowered.trace_id and api.parent_span_id == lowered.span_id
    assert {api.trace_flags, lowered.trace_flags} == {3}


def test_a_generator_that_fails_is_replaced_by_ours(recording: Recording) -> None:
    """Ids of 0, of the wrong size or type, and exceptions are counted; spans have valid ids all the same."""

    class Broken(Counting):
        def generate_span_id(self) -> int:
            raise RuntimeError("no")

        def generate_trace_id(self) -> int:
            return 0

    with isolated(id_generator=Broken()) as inner:
        both(inner)
        spans = inner.spans
        assert inner.losses == {"id_generator_failed": 3}
    assert all(0 < span.span_id < 1 << 64 and 0 < span.trace_id < 1 << 128 for span in spans)


def test_a_remote_verdict_is_kept_by_a_parent_based_sampler(recording: Recording) -> None:
    """A decorated function below a remote parent, sampled or not, follows the parent by the SDK's rule."""
    with isolated(sampler=ParentBased(ALWAYS_OFF)) as inner:
        for flags in (0, 1):
            remote = SpanContext(0xA0 + flags, 0xB0, True, TraceFlags(flags))
            token = telemetry.attach(trace.set_span_in_context(NonRecordingSpan(remote)))
            both(inner)
            telemetry.detach(token)
        spans = inner.spans
    assert [(span.name, span.trace_id) for span in spans] == [("api", 0xA1), ("codegen.lower", 0xA1)]
    assert spans[1].parent_is_remote and spans[1].parent_span_id == 0xB0


def test_objects_are_arguments_of_configure(run: Run) -> None:
    """`configure(sampler=…, id_generator=…)` takes objects; other objects later are another configuration."""
    ended = run("""
        import telemetry
        from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
        ids = RandomIdGenerator()
        first = telemetry.configure("specc", sampler=ALWAYS_OFF, id_generator=ids)
        assert telemetry.configure("specc", sampler=ALWAYS_OFF, id_generator=ids) is first
        with telemetry.span("spec.parse") as span:
            print(span.is_recording())
        for wrong in ({"sampler": ALWAYS_ON, "id_generator": ids}, {"sampler": 7}, {"id_generator": object()}):
            try:
                telemetry.configure("specc", **wrong)
            except telemetry.ConfigurationError as error:
                print(error)
    """)
    assert ended.status == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "False"
    assert "sampler: another object" in lines[1]
    assert "should_sample()" in lines[2] and "generate_trace_id()" in lines[3]


def test_names_of_samplers_hold_for_the_api_too(shown: Shown) -> None:
    """Without an object the setting decides about traces that the API begins."""
    with isolated(sampler="always_off") as recording:
        assert both(recording) == []
    with isolated(sampler="traceidratio", sampler_arg=0.5) as recording:
        for _ in range(100):
            trace.get_tracer("library").start_span("x").end()
        assert 20 < len(recording.spans) < 80
