"""Compare attributes of spans and fields of events, and the common ones of two registries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from telemetry.contracts.attribute import AttributeContract, Sensitivity

from .change import Change, Subject
from .tables import compare_stability, compare_tables, compare_values, compare_words

_Enumerations = Mapping[str, tuple[str, ...]]
_REACH: Final[Sequence[Sensitivity]] = ("secret", "internal", "public")


def compare_attributes(
    noun: str,
    old: Mapping[str, AttributeContract],
    new: Mapping[str, AttributeContract],
    owner: Subject | None = None,
) -> Iterator[Change]:
    """Go through the changes of attributes or fields.

    Args:
        noun: What one of them is called.
        old: By name.
        new: By name.
        owner: The span or event that they are of; None for common ones. What is in an experimental one may break.
    """
    return compare_tables(old, new, partial(_subject, noun, owner), _compare, _added)


def _subject(noun: str, owner: Subject | None, contract: AttributeContract) -> Subject:
    if owner is None:
        return Subject(noun, contract.name, contract.stability)
    stability = "experimental" if owner.stability == "experimental" else contract.stability
    return Subject(owner.noun, f"{owner.name}, {noun} {contract.name}", stability)


def _added(subject: Subject, new: AttributeContract) -> Change:
    if new.required == "never":
        return subject.compatible("TC402", "was added")
    return subject.risky("TC411", f"was added, and is required: {new.required}", "give it wherever this is recorded")


def _compare(subject: Subject, old: AttributeContract, new: AttributeContract) -> Iterator[Change]:
    if old.type != new.type:
        yield subject.breaking("TC406", f"'type' changed from {old.type!r} to {new.type!r}")
    if old.enumeration != new.enumeration or not old.enumeration:
        yield from compare_values(subject, "it", old.values or None, new.values or None)
    yield from _compare_requirement(subject, old, new)
    yield from _compare_reach(subject, old, new)
    yield from compare_stability(subject, old.stability, new.stability)
    yield from compare_words(subject, old, new, ("description", "origin"))


def _compare_requirement(subject: Subject, old: AttributeContract, new: AttributeContract) -> Iterator[Change]:
    if old.required == new.required:
        return
    problem = f"'required' changed from {old.required!r} to {new.required!r}"
    if old.required == "never" or new.required == "always":
        yield subject.risky("TC411", problem, "give it wherever this is recorded")
    else:
        yield subject.breaking("TC411", problem, "keep giving it: who reads relies on it")


def _compare_reach(subject: Subject, old: AttributeContract, new: AttributeContract) -> Iterator[Change]:
    if old.sensitivity != new.sensitivity:
        problem = f"'class' changed from {old.sensitivity!r} to {new.sensitivity!r}"
        if _REACH.index(new.sensitivity) < _REACH.index(old.sensitivity):
            yield subject.breaking("TC412", problem, "who could read its values cannot any more: tell them")
        else:
            yield subject.risky("TC412", problem, "see that nobody may mind who reads its values now")
    elif old.treatment != new.treatment:
        problem = f"'treatment' changed from {old.treatment!r} to {new.treatment!r}"
        if new.treatment == "drop":
            yield subject.breaking("TC412", problem, "keep the hash: who reads finds equal values by it")
        else:
            yield subject.risky("TC412", problem, "see that nobody minds that equal values can be found")
