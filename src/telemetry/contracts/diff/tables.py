"""Compare two tables of contracts: what is gone, what is new, what has another name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from telemetry.contracts.attribute import AttributeContract
from telemetry.contracts.event import EventContract
from telemetry.contracts.metric import MetricContract, State
from telemetry.contracts.span import SpanContract

from .change import Change, Subject

_Contract = TypeVar("_Contract", MetricContract, SpanContract, EventContract, AttributeContract)


def compare_tables(
    old: Mapping[str, _Contract],
    new: Mapping[str, _Contract],
    about: Callable[[_Contract], Subject],
    compare: Callable[[Subject, _Contract, _Contract], Iterable[Change]],
    added: Callable[[Subject, _Contract], Change],
) -> Iterator[Change]:
    """Go through all changes between two tables.

    Args:
        old: Contracts by name.
        new: Contracts by name.
        about: Says what changes of a contract are about.
        compare: Finds the changes of a contract that both tables have.
        added: Judges a contract that only the new one has.
    """
    gone = [name for name in old if name not in new]
    fresh = [name for name in new if name not in old]
    renamed = _renamed([old[name] for name in gone], [new[name] for name in fresh])
    for name in gone:
        subject = about(old[name])
        yield renaming(subject, renamed[name]) if name in renamed else subject.removed()
    for name in fresh:
        if name not in renamed.values():
            yield added(about(new[name]), new[name])
    for name, contract in old.items():
        if name in new:
            yield from compare(about(contract), contract, new[name])


def renaming(subject: Subject, name: str) -> Change:
    """Note that something has another name."""
    return subject.breaking("TC403", f"is now called {name!r}", "keep the old one, deprecated, beside the new one")


def compare_values(
    subject: Subject, noun: str, old: Iterable[str] | None, new: Iterable[str] | None
) -> Iterator[Change]:
    """Compare the values that a label, an attribute or an enumeration takes; None for any value.

    A value more is compatible, as it is in OpenTelemetry's conventions: who reads has to expect unknown ones.
    """
    if old is None or new is None:
        yield from _compare_closure(subject, noun, old, new)
        return
    before, after = frozenset(old), frozenset(new)
    if lost := sorted(before - after):
        yield subject.breaking("TC408", f"{noun} lost {quoted(lost)}", f"keep {quoted(lost)} among the values")
    if more := sorted(after - before):
        yield subject.compatible("TC409", f"{noun} got {quoted(more)}")


def _compare_closure(
    subject: Subject, noun: str, old: Iterable[str] | None, new: Iterable[str] | None
) -> Iterator[Change]:
    if new is not None:
        problem = f"{noun} took any value, and takes {quoted(sorted(new))} only"
        yield subject.breaking("TC408", problem, "leave it open, or add another one that is closed")
    elif old is not None:
        yield subject.compatible("TC409", f"{noun} takes any value from now on")


def compare_words(subject: Subject, old: object, new: object, keys: Iterable[str]) -> Iterator[Change]:
    """Compare what people read only."""
    for key in keys:
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield subject.compatible("TC415", f"{key!r} changed from {before!r} to {after!r}")


def compare_stability(subject: Subject, old: State, new: State) -> Iterator[Change]:
    """Compare promises: more may be promised at any time, and less only by deprecation, of which hiding follows."""
    if old == new:
        return
    problem = f"stability changed from {old!r} to {new!r}"
    ranks: list[State] = ["experimental", "beta", "stable"]
    if new in ranks and old in ranks and ranks.index(new) < ranks.index(old):
        yield subject.breaking("TC413", problem, "keep the promise, or deprecate it")
    elif new == "hidden" and old in ranks:
        yield subject.breaking("TC413", problem, "deprecate it first, so that those who look at it can change")
    else:
        yield subject.compatible("TC413", problem)


def quoted(values: Iterable[str]) -> str:
    """Write values in a sentence."""
    return ", ".join(map(repr, values))


def _renamed(gone: Iterable[_Contract], fresh: Iterable[_Contract]) -> dict[str, str]:
    """Pair what is gone with what is new and the same but for its name; where several are, the first."""
    found: dict[str, str] = {}
    for contract in gone:
        for candidate in fresh:
            if candidate.name not in found.values() and _nameless(candidate) == _nameless(contract):
                found[contract.name] = candidate.name
                break
    return found


def _nameless(contract: _Contract) -> _Contract:
    return replace(contract, name="", description="")
