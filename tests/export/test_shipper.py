"""The shipper: nothing is passed over before it is answered, and everything is counted once."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry._hotpath import Chunk, extent, reading
from telemetry.journal import Again, OwnMemory, Reader, Refused, Shipper, Taken, TooLarge, Verdict

from .recorder import Recorder


class Endpoint:
    """Answers as it is told, and remembers what it took."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts = deque(verdicts)
        self.spans: Counter[str] = Counter()
        self.logs = 0
        self.requests: list[tuple[int, int, Verdict]] = []

    def send(self, _: Reader, kind: int, chunks: Sequence[Chunk]) -> Verdict:
        """Take what is sent, unless the next verdict says something else."""
        verdict = self.verdicts.popleft() if self.verdicts else Taken()
        count = sum(len(chunk.flags) for chunk in chunks)
        self.requests.append((kind, count, verdict))
        if isinstance(verdict, Taken):
            ids = [span_id for chunk in chunks for span_id in span_ids(chunk)]
            self.spans.update(ids[: len(ids) - verdict.rejected])
            self.logs += count if kind == extent.LOG else 0
        return verdict


def span_ids(chunk: Chunk) -> list[str]:
    """Read the ids of the spans of a chunk; of one with log records there are none."""
    assert {number for number, _ in reading.fields(chunk.payload)} == {2}
    assert len(list(reading.fields(chunk.payload))) == len(chunk.flags)
    if chunk.kind == extent.LOG:
        return []
    return [dict(reading.fields(span))[2].hex() for _, span in reading.fields(chunk.payload)]


def shipper(recorder: Recorder, endpoint: Endpoint, *, most: int = 512, last: bool = False) -> Shipper:
    """Make a shipper of what is recorded."""
    return Shipper(Reader(OwnMemory(recorder.region)), endpoint.send, most=most, last=last)


def drained(shipping: Shipper) -> int:
    """Ship until nothing waits; give the number of requests."""
    return sum(1 for _ in iter(shipping.ship, None))


def test_everything_leaves_in_order_and_once() -> None:
    """Spans and log records leave in batches, and the words say how many there were."""
    recorder, endpoint = Recorder(), Endpoint()
    ids = recorder.spans(1_000)
    recorder.logs(30)
    ids += recorder.spans(100)
    shipping = shipper(recorder, endpoint)
    drained(shipping)
    assert list(endpoint.spans) == ids
    assert set(endpoint.spans.values()) == {1}
    assert endpoint.logs == 30
    assert max(count for _, count, _ in endpoint.requests) == 512
    assert recorder.counted("spans_shipped", "logs_shipped", "spans_refused", "logs_refused") == [1_100, 30, 0, 0]
    assert shipping.waiting() == (0, 0)


def test_again_sends_the_same_and_moves_nothing() -> None:
    """While the endpoint asks to come again, the cursor stays, and so does every count."""
    recorder, endpoint = Recorder(), Endpoint(Again("down"), Again("down"))
    ids = recorder.spans(5)
    shipping = shipper(recorder, endpoint)
    for _ in range(2):
        shipment = shipping.ship()
        assert shipment is not None and shipment.verdict == Again("down")
        assert recorder.counted("cursor", "spans_shipped") == [0, 0]
        assert shipping.waiting() == (5, 0)
    drained(shipping)
    assert list(endpoint.spans) == ids
    assert recorder.counted("spans_shipped") == [5]


def test_what_is_being_sent_is_not_overwritten() -> None:
    """However much is recorded while the endpoint is down, the batch under way stays, and each record has one fate."""
    recorder, endpoint = Recorder(ring_bytes=1 << 20), Endpoint(Again("down"))
    first = recorder.spans(10)
    shipping = shipper(recorder, endpoint)
    shipping.ship()
    recorder.spans(20_000)
    drained(shipping)
    assert set(first) <= set(endpoint.spans)
    shipped, overwritten, started = recorder.counted("spans_shipped", "spans_overwritten", "started")
    assert overwritten > 0
    assert shipped == len(endpoint.spans) == sum(endpoint.spans.values())
    assert started == shipped + overwritten == 20_010


def test_a_half_that_was_taken_is_not_sent_again() -> None:
    """Of a batch with spans and log records, the cursor waits for both, and the half that was taken leaves once."""
    recorder, endpoint = Recorder(), Endpoint(Taken(), Again("down"))
    recorder.spans(3)
    recorder.logs(2)
    shipping = shipper(recorder, endpoint)
    shipping.ship()
    assert (shipping.waiting(), recorder.counted("cursor")) == ((0, 2), [0])
    shipping.ship()
    shipping.ship()
    assert [kind for kind, _, _ in endpoint.requests] == [extent.SPAN, extent.LOG, extent.LOG]
    assert set(endpoint.spans.values()) == {1}
    assert recorder.counted("spans_shipped", "logs_shipped") == [3, 2]
    assert shipping.waiting() == (0, 0)


def test_refused_records_are_passed_and_counted() -> None:
    """What the endpoint refuses, whole or in part, is counted as refused and not sent again."""
    recorder, endpoint = Recorder(), Endpoint(Refused("bad"), Taken(rejected=4))
    recorder.spans(10)
    shipping = shipper(recorder, endpoint)
    shipping.ship()
    assert recorder.counted("spans_shipped", "spans_refused") == [0, 10]
    recorder.spans(10)
    shipping.ship()
    assert recorder.counted("spans_shipped", "spans_refused") == [6, 14]
    assert shipping.ship() is None


def test_more_rejected_than_there_are() -> None:
    """An endpoint that rejects more than it was given cannot make a count negative."""
    recorder, endpoint = Recorder(), Endpoint(Taken(rejected=99))
    recorder.logs(2)
    shipment = shipper(recorder, endpoint).ship()
    assert shipment is not None and shipment.refused == 2
    assert recorder.counted("logs_shipped", "logs_refused") == [0, 2]


class Narrow(Endpoint):
    """Takes so many records in a request, and one record never."""

    def __init__(self, most: int, poison: str = "") -> None:
        super().__init__()
        self.most = most
        self.poison = poison

    def send(self, reader: Reader, kind: int, chunks: Sequence[Chunk]) -> Verdict:
        """Refuse the size of what is too much, or has the poison in it."""
        ids = [span_id for chunk in chunks for span_id in span_ids(chunk)]
        if sum(len(chunk.flags) for chunk in chunks) > self.most or self.poison in ids:
            return TooLarge("413")
        return super().send(reader, kind, chunks)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(1, 50), st.booleans())
@settings(deadline=None, max_examples=60)
def test_what_is_too_large_leaves_in_halves(runs: list[int], most: int, poisoned: bool) -> None:
    """Halving ends with every record taken once, but a single one that is too large by itself, which is refused."""
    recorder = Recorder()
    ids = []
    for index, number in enumerate(runs):  # scopes change, so that a batch has several chunks
        ids += recorder.spans(number)
        if index % 2:
            recorder.logs()
    endpoint = Narrow(most, ids[len(ids) // 2] if poisoned else "")
    shipping = shipper(recorder, endpoint)
    drained(shipping)
    wanted = [each for each in ids if not poisoned or each != endpoint.poison]
    assert list(endpoint.spans) == wanted
    assert set(endpoint.spans.values()) <= {1}
    assert recorder.counted("spans_shipped", "spans_refused") == [len(wanted), int(poisoned)]
    assert shipping.waiting() == (0, 0)


def test_an_answer_after_the_end_moves_nothing() -> None:
    """An answer that comes after the shipper was closed moves neither cursor nor counts: another may ship now."""
    recorder = Recorder()
    recorder.spans(5)
    reader = Reader(OwnMemory(recorder.region))

    def answer(_: Reader, __: int, ___: Sequence[Chunk]) -> Verdict:
        shipping.close()
        return Taken()

    shipping = Shipper(reader, answer)
    assert shipping.ship() is None
    assert recorder.counted("cursor", "spans_shipped", "claim") == [0, 0, 0]
    assert shipping.ship() is None
    assert shipping.waiting() == (5, 0)


def test_the_next_shipper_goes_on_where_the_last_one_stopped() -> None:
    """The cursor stands in the journal: a new shipper sends the rest, and nothing twice."""
    recorder, endpoint = Recorder(), Endpoint(Taken(), Again("down"))
    ids = recorder.spans(20)
    first = shipper(recorder, endpoint, most=8)
    first.ship()
    first.ship()
    first.close()
    drained(shipper(recorder, endpoint))
    assert list(endpoint.spans) == ids
    assert set(endpoint.spans.values()) == {1}


def test_a_torn_record_is_stepped_over_and_counted_at_the_end() -> None:
    """A record that nobody finishes holds up what is behind it, until nobody can finish it any more."""
    recorder, endpoint = Recorder(), Endpoint()
    recorder.spans(2)
    segment = recorder.ring.current
    at = segment.head
    recorder.spans(1)
    word = segment.words[at // 8]
    segment.words[at // 8] = word & ~(0xFF << 56) | extent.OPEN << 56
    recorder.spans(3)
    shipping = shipper(recorder, endpoint)
    drained(shipping)
    assert len(endpoint.spans) == 2
    shipping.last = True
    drained(shipping)
    assert len(endpoint.spans) == 5
    assert recorder.counted("spans_shipped", "spans_torn") == [5, 1]
