"""Find where declarations contradict each other: a name is a secret everywhere, or nowhere.

Values go by their names, from an argument to a span, a log line or a label; so the class of a name is looked up alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .attribute import AttributeContract
from .credentials import is_secret_name
from .declaration import Declarations
from .entry import Place


def check_classes(files: Sequence[Declarations]) -> None:
    """Report each attribute or field of two classes, and each label that is a secret."""
    classes: dict[str, AttributeContract] = {}
    for contract, place in _declared(files):
        first = classes.setdefault(contract.name, contract)
        if _class(first) != _class(contract):
            (place / "name").report(
                f"{contract.name!r} is {_class(first)} in {first.source or 'another declaration'} "
                f"and {_class(contract)} here; a name has one class",
                "TC103",
            )
    _check_labels(files, {name.replace(".", "_"): contract for name, contract in classes.items()})


def _check_labels(files: Sequence[Declarations], classes: Mapping[str, AttributeContract]) -> None:
    for metric in (item for file in files for item in file.metrics):
        for index, label in enumerate(metric.contract.labels):
            known = classes.get(label)
            if known is not None and known.sensitivity == "secret":
                problem = f"{known.name!r} is a secret, and every scrape shows labels; leave it out"
            elif known is None and is_secret_name(label):
                problem = f"{label!r} says that it holds a secret, and every scrape shows labels; leave it out"
            else:
                continue
            (metric.place / "labels" / index).report(problem, "TC107")


def _declared(files: Sequence[Declarations]) -> Iterator[tuple[AttributeContract, Place]]:
    for file in files:
        for item in (*file.attributes, *file.fields):
            yield item.contract, item.place
        for span in file.spans:
            yield from _members(span.contract.attributes, span.place / "attributes")
        for event in file.events:
            yield from _members(event.contract.fields, event.place / "fields")


def _members(contracts: Mapping[str, AttributeContract], place: Place) -> Iterator[tuple[AttributeContract, Place]]:
    for index, contract in enumerate(contracts.values()):
        yield contract, place / index


def _class(contract: AttributeContract) -> str:
    return f"secret ({contract.treatment})" if contract.sensitivity == "secret" else "no secret"
