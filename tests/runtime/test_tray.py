"""The tray: what becomes of its thread and of what lies in it, whoever calls what when."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from threading import Barrier, Event, Thread
from threading import enumerate as living_threads
from time import monotonic, process_time, sleep

import pytest

from telemetry._hotpath import Region, protobuf
from telemetry.runtime.tray import Tray
from telemetry.signals import SpanBatch, SpanRecord


class Taken:
    """A sink that keeps the names of spans, and does something with each batch."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.names: list[str] = []
        self.then = then

    def spans(self, batch: SpanBatch, /) -> None:
        """Take a batch."""
        self.names += [record.name for record in batch.records]
        self.then()


def tray_into(sink: Taken, *, delay_seconds: float = 60.0) -> Tray:
    """Make a tray with one sink."""
    return Tray(Region(1 << 20), (sink,), delay_seconds=delay_seconds)


def put(tray: Tray, name: str) -> None:
    """Put a span into the ring."""
    tray.ring.put(protobuf.spans_field(protobuf.span(SpanRecord(name, 1, 2, None, 3, 4))), 1, 0)


def threads() -> list[Thread]:
    """Give the living threads of trays."""
    return [thread for thread in living_threads() if thread.name == "telemetry-tray"]


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until something holds, 5 seconds at most."""
    end = monotonic() + 5
    while not holds() and monotonic() < end:
        sleep(0.005)
    return holds()


@pytest.fixture
def _impatient() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_spans_are_handed_over_after_the_delay_and_when_it_is_woken() -> None:
    """A span waits for the delay at most; a full segment, which wakes the thread, does not wait."""
    sink = Taken()
    tray = tray_into(sink, delay_seconds=0.02)
    tray.start()
    put(tray, "first")
    assert eventually(lambda: sink.names == ["first"])
    tray.stop()
    patient = tray_into(sink)
    put(patient, "second")
    patient.ring.wake()
    assert eventually(lambda: sink.names == ["first", "second"])
    patient.stop()
    assert not threads()


@pytest.mark.usefixtures("_impatient")
def test_start_and_stop_at_once() -> None:
    """However the two meet, neither fails, what lay there is handed over, and no thread stays."""
    for _ in range(300):
        sink = Taken()
        tray = tray_into(sink)
        put(tray, "last")
        go = Barrier(2)

        def stir(tray: Tray = tray, go: Barrier = go) -> None:
            go.wait()
            tray.ring.wake()

        other = Thread(target=stir)
        other.start()
        go.wait()
        tray.stop()
        other.join()
        assert sink.names == ["last"]
    assert eventually(lambda: not threads())


def test_nothing_starts_it_again_after_its_end() -> None:
    """A late span that fills a segment makes no thread that nobody would end."""
    sink = Taken()
    tray = tray_into(sink)
    tray.start()
    tray.stop()
    put(tray, "late")
    tray.ring.wake()
    tray.start()
    assert not threads()
    assert sink.names == []


def test_no_delay_keeps_no_core_busy() -> None:
    """With a delay of zero the thread sleeps all the same, and hands over soon."""
    sink = Taken()
    tray = tray_into(sink, delay_seconds=0.0)
    tray.start()
    began = process_time()
    sleep(0.5)
    assert process_time() - began < 0.25
    put(tray, "soon")
    assert eventually(lambda: sink.names == ["soon"])
    tray.stop()


def test_handing_over_inside_itself() -> None:
    """A finaliser that flushes while a batch is handed over neither waits for ever nor gives anything twice."""
    sink = Taken()
    tray = tray_into(sink)

    def again() -> None:
        if len(sink.names) == 1:
            put(tray, "second")
            tray.drain()

    sink.then = again
    put(tray, "first")
    tray.drain()
    assert sink.names == ["first"]
    tray.drain()
    assert sink.names == ["first", "second"]


def test_stopped_from_its_own_thread() -> None:
    """A sink that stops the tray does not make the thread wait for itself."""
    sink = Taken()
    tray = tray_into(sink)
    sink.then = tray.stop
    put(tray, "only")
    tray.ring.wake()
    assert eventually(lambda: sink.names == ["only"] and not threads())


def test_a_busy_sink_is_not_waited_for() -> None:
    """What the thread is in the middle of holds the end up no longer than the caller allows."""
    done = Event()
    sink = Taken()
    tray = tray_into(sink)
    put(tray, "held")
    tray.ring.wake()
    assert eventually(lambda: sink.names == ["held"])
    gate = Event()

    def hang() -> None:
        gate.set()
        done.wait(5)

    sink.then = hang
    put(tray, "hanging")
    tray.ring.wake()
    assert gate.wait(5)
    began = monotonic()
    tray.stop(0.1)
    assert monotonic() - began < 1
    done.set()
    assert eventually(lambda: not threads())
