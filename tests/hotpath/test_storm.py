"""The balance of spans holds wherever an interrupt comes, and whatever finds no room is counted as what it is."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from random import Random

import pytest
from tests.hotpath.test_ring import SEGMENT, put, ring_of, texts

from telemetry import instrument_span, span
from telemetry._hotpath import Ring, extent
from telemetry._hotpath.twin import TWIN
from telemetry.journal import OwnMemory, Reader, balance
from telemetry.testing import Recording

_STORM_SECONDS = 5
_SPANS = 600
"""So many lie in one segment, where the balance finds them all."""


class Interrupted(BaseException):
    """What the signal handler of these tests raises."""


@contextmanager
def _interrupts() -> Iterator[Callable[[float], None]]:
    """Have the alarm raise; give what sets it."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _nested() -> Callable[[object], None]:
    @instrument_span("job", capture={"job.a": "value"})
    def inner(value: object) -> None:
        pass

    @instrument_span("job", capture={"job.a": "value"})
    def outer(value: object) -> None:
        inner(value)

    return outer


def _block() -> Callable[[object], None]:
    def block(value: object) -> None:
        with span("job", attributes={"job.a": value}):
            pass

    return block


def _storm(work: Callable[[object], None], value: object, ring: Ring) -> int:
    """Work until enough spans have begun, interrupted again and again; give how often."""
    random, end, interrupts = Random(1), time.monotonic() + _STORM_SECONDS, 0
    with _interrupts() as set_alarm:
        while ring.words[extent.STARTED] < _SPANS and time.monotonic() < end:
            with suppress(Interrupted):
                set_alarm(random.uniform(20e-6, 120e-6))
                while True:
                    work(value)
            interrupts += 1
    return interrupts


def _left_over(ring: Ring) -> int:
    return balance(Reader(OwnMemory(ring.region))).interrupted


@pytest.mark.skipif(TWIN != "pure", reason="the compiled twin writes a span without running Python")
@pytest.mark.parametrize("make", [_nested, _block])
@pytest.mark.parametrize("value", ["text", 7])
def test_a_storm_of_interrupts_loses_no_count(
    make: Callable[[], Callable[[object], None]], value: object, recording: Recording
) -> None:
    """Each span that was counted as started is finished, open or torn, however often an interrupt came in between."""
    work = make()
    work(value)
    # In a context of its own: who is interrupted between `__enter__` and the block has nobody to leave it.
    interrupts = copy_context().run(_storm, work, value, recording.runtime.ring)
    assert interrupts > 10
    assert abs(_left_over(recording.runtime.ring)) <= 1


def test_a_log_record_larger_than_the_ring_is_counted_as_one() -> None:
    """A log record for which there is never room is no span that was lost, and the ring goes on."""
    ring = ring_of(SEGMENT)
    ring.put_log(bytes(2 * SEGMENT), 0)
    put(ring, "after")
    counts = extent.LOGS_WRITTEN, extent.LOGS_TOO_LARGE, extent.SPANS_TOO_LARGE
    assert [ring.words[count] for count in counts] == [1, 1, 0]
    reader = Reader(OwnMemory(ring.region), claim=extent.LOCAL_CLAIM)
    assert texts(list(reader.batch(0).chunks)) == ["after"]


@pytest.mark.skipif(TWIN != "pure", reason="the compiled twin begins a span without slot where all are taken")
def test_the_oldest_makes_way(recording: Recording) -> None:
    """Where all slots are taken the oldest open spans lose theirs; all are recorded, and the counts agree."""
    kept = [span("job") for _ in range(1500)]
    shown = {found.span_id for found in recording.runtime.open_spans()}
    assert shown == {opened.span_id for opened in kept[-1024:]}
    for opened in kept:
        opened.end()
    words = recording.runtime.ring.words
    assert (words[extent.STARTED], words[extent.EXHAUSTED]) == (1500, 1500 - 1024)
    assert recording.runtime.open_spans() == []
    assert len(recording.spans) == 1500
