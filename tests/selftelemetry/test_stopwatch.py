"""Times of exports: what counts as one operation, and what is under way."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest

from telemetry._hotpath import Chunk, Region, extent
from telemetry.journal import Again, OwnMemory, Reader, Refused, Taken, TooLarge, Verdict
from telemetry.runtime.signs import DURATION, contracts
from telemetry.runtime.stopwatch import Stopwatch

THREE = [Chunk(extent.SPAN, 0, bytes(3), b"")]
ONE = [Chunk(extent.LOG, 0, bytes(1), b"")]


class Endpoint:
    """An exporter that answers as it is told, each answer after some time."""

    target = "http://127.0.0.1:4318"

    def __init__(self, *verdicts: Verdict | Exception, seconds: float = 0.0) -> None:
        self.verdicts = list(verdicts)
        self.seconds = seconds
        self.calls: list[str] = []

    def records(self, _origin: Reader, _kind: int, _chunks: Sequence[Any], /) -> Verdict:
        """Answer."""
        sleep(self.seconds)
        verdict = self.verdicts.pop(0)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    def metrics(self, _source: Any, /) -> Verdict:
        """Answer."""
        return Taken()

    def open(self) -> None:
        """Write it down."""
        self.calls.append("open")

    def close(self) -> None:
        """Write it down."""
        self.calls.append("close")

    def forget(self) -> None:
        """Write it down."""
        self.calls.append("forget")


@pytest.fixture
def reader() -> Reader:
    """A journal to send from."""
    return Reader(OwnMemory(Region(1 << 16)))


def counts(stopwatch: Stopwatch) -> dict[tuple[str, str], int]:
    """Give the number of operations, by signal and error type."""
    return {key: value.count for key, value in stopwatch.durations().items()}


def test_attempts_are_one_operation(reader: Reader) -> None:
    """A batch that is taken at the third attempt was one operation, as long as all of them together."""
    stopwatch = Stopwatch(Endpoint(Again("down"), Again("down"), Taken(), seconds=0.02))
    for _ in range(3):
        stopwatch.records(reader, extent.SPAN, THREE)
    ((key, taken),) = stopwatch.durations().items()
    assert key == ("span", "")
    assert taken.count == 1
    assert taken.sum >= 0.06
    bucket = taken.buckets.index(1)
    assert bucket == 0 or contracts()[DURATION].bounds[bucket - 1] < taken.sum


@pytest.mark.parametrize(
    ("verdict", "chunks", "reason"),
    [
        (Taken(), THREE, ""),
        (Taken(rejected=1), THREE, "rejected"),
        (Refused("400"), THREE, "refused"),
        (TooLarge("413"), [Chunk(extent.SPAN, 0, bytes(1), b"")], "too_large"),
        (ConnectionError("cut"), THREE, "ConnectionError"),
    ],
    ids=["taken", "in part", "refused", "too large", "raised"],
)
def test_reasons(reader: Reader, verdict: Verdict | Exception, chunks: list[Chunk], reason: str) -> None:
    """Only what succeeds in full has no error type; every other end has one that says how."""
    stopwatch = Stopwatch(Endpoint(verdict))
    if isinstance(verdict, Exception):
        with pytest.raises(type(verdict)):
            stopwatch.records(reader, extent.SPAN, chunks)
    else:
        assert stopwatch.records(reader, extent.SPAN, chunks) is verdict
    assert counts(stopwatch) == {("span", reason): 1}
    assert stopwatch.inflight() == {"span": 0}


def test_a_batch_that_is_halved_goes_on(reader: Reader) -> None:
    """A request that is too large and can be divided is not over."""
    stopwatch = Stopwatch(Endpoint(TooLarge("413"), Taken()))
    stopwatch.records(reader, extent.SPAN, THREE)
    assert counts(stopwatch) == {}
    assert stopwatch.inflight() == {"span": 3}
    stopwatch.records(reader, extent.SPAN, THREE)
    assert counts(stopwatch) == {("span", ""): 1}


def test_records_are_in_flight_until_an_answer_is_final(reader: Reader) -> None:
    """While a request is under way its records count, by signal."""
    under_way, over = Event(), Event()

    class Slow(Endpoint):
        """Answers when it is let."""

        def records(self, origin: Reader, kind: int, chunks: Sequence[Any], /) -> Verdict:
            """Wait."""
            under_way.set()
            assert over.wait(10)
            return super().records(origin, kind, chunks)

    stopwatch = Stopwatch(Slow(Taken()))
    thread = Thread(target=stopwatch.records, args=(reader, extent.LOG, ONE))
    thread.start()
    assert under_way.wait(10)
    assert stopwatch.inflight() == {"log": 1}
    over.set()
    thread.join()
    assert stopwatch.inflight() == {"log": 0}


def test_it_stands_for_what_it_times() -> None:
    """Everything but the times is the exporter's own; a forked child forgets the times with the connections."""
    endpoint = Endpoint(Taken())
    stopwatch = Stopwatch(endpoint)
    stopwatch.open()
    assert stopwatch.metrics(None) == Taken()  # type: ignore[arg-type]  # whatever the source is
    stopwatch.records(Reader(OwnMemory(Region(1 << 16))), extent.SPAN, THREE)
    stopwatch.forget()
    stopwatch.close()
    assert endpoint.calls == ["open", "forget", "close"]
    assert stopwatch.target == endpoint.target
    assert counts(stopwatch) == {}
