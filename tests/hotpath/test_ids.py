"""Ids: never zero, never twice, never the host's random numbers, and others in a forked child."""

from __future__ import annotations

import os
import random

from telemetry import span
from telemetry.testing import Recording

SPANS = 10_000


def _ids() -> tuple[list[int], list[int]]:
    """Give the trace and span ids of many roots."""
    opened = [span("job") for _ in range(SPANS)]
    return [each.trace_id for each in opened], [each.span_id for each in opened]


def test_ids_are_distinct_and_none_is_zero(recording: Recording) -> None:
    """All in range; the low halves of the trace ids, which samplers decide by, differ too."""
    traces, spans = _ids()
    assert len({*spans}) == len({*traces}) == len({trace & (2**64 - 1) for trace in traces}) == SPANS
    assert min(spans) > 0 and max(spans) < 2**64
    assert min(traces) > 0 and max(traces) < 2**128


def test_every_bit_of_an_id_is_uniform(recording: Recording) -> None:
    """Each bit is set in half of the ids; W3C Trace Context level 2 asks it of the low 56 of a trace id."""
    traces, spans = _ids()
    for ids, bits in ((traces, 128), (spans, 64)):
        for bit in range(bits):
            share = sum(each >> bit & 1 for each in ids) / SPANS
            assert 0.46 < share < 0.54, bit  # 8 standard deviations


def test_the_hosts_random_numbers_are_left_alone(recording: Recording) -> None:
    """Recording takes nothing from the `random` module, whose stream stays where the application seeded it."""
    before = random.getstate()
    for _ in range(1000):
        with span("job") as opened:
            assert opened.span_id
    assert len(recording.spans) == 1000
    assert random.getstate() == before


def test_a_forked_child_has_ids_of_its_own(recording: Recording) -> None:
    """A span that is open over a fork keeps its ids in the child; new ones of parent and child differ."""
    with span("job") as outer:
        before = [outer.trace_id, outer.span_id]
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                with span("job.step") as step:
                    found = [outer.trace_id, outer.span_id, step.trace_id, step.parent_span_id, step.span_id]
                os.write(write, repr(found).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        with os.fdopen(read) as answer:
            in_child = [int(each) for each in answer.read().strip("[]").split(",")]
        with span("job.step") as step:
            pass
    assert in_child[:2] == in_child[2:4] == before
    assert in_child[4] != step.span_id
    assert len(recording.spans) == 2
