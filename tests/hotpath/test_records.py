"""Records: what becomes of a finished span under the contracts, the limits and the redaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.instrument.shop import REGISTRY

from telemetry import ConfigurationError, current_span, instrument_span, span
from telemetry.config import SpanLimits
from telemetry.testing import Recording, isolated
from telemetry.tracing import sampler


def limited(**limits: int) -> Any:
    """Record with these limits."""
    return isolated(registry=[REGISTRY], limits=SpanLimits(**limits))


def full_span() -> None:
    """Record a span with 6 attributes of its own, 3 events with 3 attributes, and 3 links with 2."""
    links = tuple((current_span(), {"a": "xxxx", "b": 2}) for _ in range(3))
    with span("job", attributes={f"job.a{number}": "xxxx" for number in range(6)}, links=links) as opened:
        for number in range(3):
            opened.add_event(f"event {number}", {"a": "xxxx", "b": 2, "c": 3})


LIMITS: list[tuple[dict[str, int], Callable[[Any], Any], Any]] = [
    ({"attribute_count": 3}, lambda found: (len(found.attributes), found.dropped_attributes), (3, 4)),
    ({"attribute_count": 0}, lambda found: (len(found.attributes), found.dropped_attributes), (0, 7)),
    ({"attribute_count": 7}, lambda found: (len(found.attributes), found.dropped_attributes), (7, 0)),
    ({"event_count": 2}, lambda found: [event.name for event in found.events], ["event 1", "event 2"]),
    ({"event_count": 2}, lambda found: found.dropped_events, 1),
    ({"event_count": 0}, lambda found: (found.events, found.dropped_events), ((), 3)),
    ({"link_count": 1}, lambda found: (len(found.links), found.dropped_links), (1, 2)),
    ({"link_count": 0}, lambda found: (len(found.links), found.dropped_links), (0, 3)),
    (
        {"event_attribute_count": 1},
        lambda found: [dict(event.attributes) for event in found.events],
        [{"a": "xxxx"}] * 3,
    ),
    ({"link_attribute_count": 1}, lambda found: [dict(link.attributes) for link in found.links], [{"a": "xxxx"}] * 3),
    ({"attribute_value_length": 2}, lambda found: found.attributes["job.a0"], "xx"),
    ({"detail_value_length": 2}, lambda found: found.events[0].attributes, {"a": "xx", "b": 2, "c": 3}),
    ({"detail_value_length": 2}, lambda found: found.links[0].attributes, {"a": "xx", "b": 2}),
]


@pytest.mark.parametrize(("limits", "look", "expected"), LIMITS)
def test_limits_hold_and_what_is_dropped_is_counted(
    limits: dict[str, int], look: Callable[[Any], Any], expected: Any
) -> None:
    """Each limit of the settings, down to zero; the newest events and the first links and attributes are kept."""
    with limited(**limits) as recording:
        with span("job.step"):
            full_span()
        assert look(recording.spans[0]) == expected


def test_long_items_are_cut_in_lists_too() -> None:
    """Each text of a list has at most the length that one text may have."""
    with limited(attribute_value_length=2) as recording:
        with span("job", attributes={"job.list": ["abc", "d"], "job.number": 12345}):
            pass
        assert recording.spans[0].attributes["job.list"] == ("ab", "d")
        assert recording.spans[0].attributes["job.number"] == 12345


def test_what_the_contract_does_not_allow_is_left_out(recording: Recording) -> None:
    """An unknown attribute, a wrong type, a value outside a closed set: left out, counted, named once each."""
    for _ in range(2):
        with span("job", colour=1, job_name=3, job_colour="blue") as opened:
            opened.set_attribute("job.fine", 1)
    assert [found.attributes for found in recording.spans] == [{"host.kind": "online", "job.fine": 1}] * 2
    assert recording.losses == {"attribute_refused": 6}
    assert len(recording.runtime.breaches.named()) == 3


def test_a_new_name_brings_its_own_contract(recording: Recording) -> None:
    """After `update_name` the attributes are those of the new name."""
    with span("job", job_name="n") as opened:
        opened.update_name("job.step")
    [found] = recording.spans
    assert (found.name, found.attributes) == ("job.step", {"host.kind": "online"})
    assert recording.losses == {"attribute_refused": 1}


def test_secrets_do_not_leave(recording: Recording) -> None:
    """Attributes, events, status and the text of exceptions go through the redaction."""
    secret = "password=hunter2"
    with pytest.raises(ValueError, match="hunter2"), span("job", attributes={"job.url": secret}) as opened:  # noqa: PT012 -- the block is what fails
        opened.add_event("login", {"detail": secret})
        opened.set_status("error", secret)
        raise ValueError(secret)
    found = recording.spans[0]
    assert "hunter2" not in repr(found)
    assert found.events[-1].attributes["exception.type"] == "ValueError"


def test_kind_static_links_and_common_attributes_are_on_every_record() -> None:
    """What the decorator and the settings say once stands on each span."""
    with isolated(registry=[REGISTRY], host_kind="offline") as recording:
        with span("job.step") as other:
            pass

        @instrument_span("job", kind="client", links=((other, {"a": 1}),), attributes={"job.a": ("x",)})
        def job() -> None:
            pass

        job()
        job()
        for found in recording.spans[1:]:
            assert (found.kind, found.links[0].span_id, dict(found.links[0].attributes)) == (
                "client",
                other.span_id,
                {"a": 1},
            )
            assert found.attributes == {"host.kind": "offline", "job.a": ("x",)}
        assert recording.spans[0].kind == "internal"


@pytest.mark.parametrize(
    ("name", "kept"), [("always_on", True), ("parentbased_always_on", True), ("always_off", False)]
)
def test_the_plain_samplers(name: str, kept: bool) -> None:
    """All, or none; the parent-based names say the same of a trace that starts here."""
    decide = sampler(name)
    assert decide is None or decide(12345) is kept
    assert (decide is None) is kept


def test_a_ratio_chooses_by_the_trace_id() -> None:
    """The same traces everywhere, those of a smaller ratio among those of a larger one (W3C level 2, random flag)."""
    traces = [(number * 0x9E3779B97F4A7C15) % 2**128 for number in range(10_000)]
    chosen = {share: {trace for trace in traces if sampler("traceidratio", share)(trace)} for share in (0.1, 0.5, 0.9)}  # type: ignore[misc]
    assert chosen[0.1] < chosen[0.5] < chosen[0.9]
    for share, found in chosen.items():
        assert abs(len(found) / 10_000 - share) < 0.02
    assert all(sampler("traceidratio", 1.0)(trace) for trace in traces)  # type: ignore[misc]
    assert not any(sampler("traceidratio", 0.0)(trace) for trace in traces)  # type: ignore[misc]


@pytest.mark.parametrize(("name", "argument"), [("sometimes", None), ("traceidratio", 1.5), ("traceidratio", -1)])
def test_a_wrong_sampler_is_a_wrong_setting(name: str, argument: float | None) -> None:
    """An unknown name, or a ratio outside of [0, 1], is refused when it is set."""
    with pytest.raises(ConfigurationError):
        sampler(name, argument)
