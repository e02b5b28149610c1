"""The queue of one signal: what it holds, how it cuts batches, and that every record is accounted for once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telemetry.export import Ledger, Schedule
from telemetry.export.outbox import Outbox


def box_of(*records: str, schedule: Schedule | None = None) -> tuple[Outbox[str], Ledger]:
    """Make an outbox of texts, whose size is their length."""
    ledger = Ledger()
    outbox = Outbox[str]("spans", len, schedule or Schedule(), ledger)
    outbox.put(records)
    return outbox, ledger


@given(
    st.lists(st.text("x", max_size=12), max_size=40),
    st.integers(1, 10),
    st.integers(1, 30),
)
def test_batches_keep_order_and_bounds(records: list[str], most: int, limit: int) -> None:
    """The batches together are the records in order; none is too long, none too large but one of a single record."""
    outbox, _ = box_of(*records, schedule=Schedule(batch_size=most, batch_bytes=limit))
    taken = []
    while batch := outbox.take():
        assert len(batch) <= most
        assert len(batch) == 1 or sum(map(len, batch)) < limit
        taken.extend(batch)
    assert taken == records


def test_a_batch_is_settled_once() -> None:
    """What was exported is no loss, and settling twice counts once."""
    outbox, ledger = box_of("a", "b")
    outbox.take()
    outbox.settle(exported=True)
    outbox.settle(exported=False)
    assert (ledger.exported(), ledger.losses()) == ({"spans": 2}, {})


def test_abandoning_counts_what_is_under_way() -> None:
    """What waits and what is in flight are given up together, and a late answer of the endpoint changes nothing."""
    outbox, ledger = box_of("a", "b", "c", schedule=Schedule(batch_size=2))
    outbox.take()
    outbox.abandon()
    outbox.settle(exported=True)
    outbox.abandon()
    assert (ledger.exported(), ledger.losses()) == ({}, {"export_timeout": 3})
    assert outbox.take() == []


def test_ready_when_a_batch_is_full() -> None:
    """A full batch is announced, a smaller one is not."""
    outbox, _ = box_of("a", schedule=Schedule(batch_size=2))
    assert not outbox.ready
    outbox.put(["b"])
    assert outbox.ready


def test_losses_are_by_signal_and_reason() -> None:
    """Losses of metrics stand apart: a push that failed is made good by the next one."""
    ledger = Ledger()
    ledger.lose("spans", "queue_full", 2)
    ledger.lose("logs", "queue_full", 1)
    ledger.lose("metrics", "export_failed", 1)
    ledger.lose("spans", "export_failed", 0)
    assert ledger.losses() == {"queue_full": 3}
    assert ledger.losses("logs") == {"queue_full": 1}
    assert ledger.losses("metrics") == {"export_failed": 1}
