"""The harness itself can fail: it shows the losses of a library that keeps spans in memory, and every kind of fault."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.soak.execution import MisfireError, kill
from tests.soak.orders import Orders
from tests.soak.peers import survive
from tests.soak.recorders import OUTER, RUN
from tests.soak.recovery import Found
from tests.soak.truth import Happened, Truth, has_begun, read_truth
from tests.soak.verdict import judge

_BALANCED = {"balances": True, "lost": {"abandoned": 0}}
_OPEN = {1: {"name": OUTER, **RUN}}


def test_the_losses_of_a_batch_processor_show(tmp_path: Path) -> None:
    """OpenTelemetry's spans arrive when its process ends in order; what SIGKILL leaves in its queue does not."""
    killed, ended = tmp_path / "killed", tmp_path / "ended"
    killed.mkdir()
    ended.mkdir()
    lost = survive("opentelemetry", "kill", killed, python=Path(sys.executable), between=(0.1, 0.2))
    kept = survive("opentelemetry", "exit", ended, python=Path(sys.executable), between=(0.1, 0.2))
    assert 0 < kept.ended == kept.at_death
    assert lost.later < lost.ended


def test_truth_is_what_was_said(tmp_path: Path) -> None:
    """What a child writes is read again; it has got going once its long span is open and one span has ended."""
    path = tmp_path / "truth"
    truth = Truth(path)
    truth.began(1)
    assert not has_begun(path)
    truth.ended(2)
    assert has_begun(path)
    assert read_truth(path) == Happened(frozenset({1}), frozenset({2}))


def test_a_child_that_lies_is_found_out(tmp_path: Path) -> None:
    """A span that is said to have ended twice is an error of the child's, and of nobody else."""
    truth = Truth(tmp_path / "truth")
    truth.ended(2)
    truth.ended(2)
    with pytest.raises(ValueError, match="1 span ids were given twice"):
        read_truth(tmp_path / "truth")


def test_a_child_that_fails_by_itself_is_found_out(tmp_path: Path) -> None:
    """A child that ends otherwise than it was ordered to proves nothing, and what it wrote to stderr is shown."""
    orders = Orders("nobody", "exit", str(tmp_path / "truth"))
    with pytest.raises(MisfireError, match=r"No module named 'tests\.soak\.recorders\.nobody'"):
        kill(orders, between=(0, 0))


def test_a_good_end_is_good() -> None:
    """What ended was found, the open span was named, and one span that nobody could speak of any more is allowed."""
    found = Found(Counter({2: 1, 3: 1}), {2: 1, 3: 1}, dict(_OPEN))
    verdict = judge(Happened(frozenset({1}), frozenset({2})), found, [_BALANCED])
    assert verdict.is_good
    assert (verdict.ended, verdict.found, verdict.named, verdict.inside) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("missing", Found(Counter(), {}, dict(_OPEN))),
        ("missing", Found(Counter(), {}, {**_OPEN, 2: {"name": "codegen.lower"}})),
        ("twice", Found(Counter({2: 2}), {2: 1}, dict(_OPEN))),
        ("unnamed", Found(Counter({2: 1}), {2: 1}, {})),
        ("unnamed", Found(Counter({2: 1}), {2: 1}, {1: {"name": OUTER}})),
        ("surplus", Found(Counter({2: 1, 3: 1, 4: 1}), {2: 1, 3: 1, 4: 1}, dict(_OPEN))),
    ],
)
def test_every_fault_is_seen(fault: str, found: Found) -> None:
    """Spans that are missing, come twice, are not named, lack attributes, or are made up: each makes a bad verdict."""
    verdict = judge(Happened(frozenset({1}), frozenset({2})), found)
    assert not verdict.is_good
    assert getattr(verdict, fault)


def test_a_ledger_that_does_not_balance_is_seen() -> None:
    """All spans may be there, and the verdict is still bad."""
    assert not judge(Happened(frozenset(), frozenset()), Found(), [{**_BALANCED, "balances": False}]).is_good


def test_a_span_that_was_abandoned_is_accounted_for() -> None:
    """A long span that could not end for want of memory needs no name if the ledger has it."""
    found = Found(Counter({2: 1}), {2: 1}, {})
    happened = Happened(frozenset({1}), frozenset({2}))
    assert judge(happened, found, [{"balances": True, "lost": {"abandoned": 1}}]).is_good
    assert not judge(happened, found, [_BALANCED]).is_good
