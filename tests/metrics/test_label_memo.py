"""Both twins of the label memo find the same children."""

from __future__ import annotations

import enum
import gc
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.metrics.twins import TWINS

from telemetry._hotpath.labels import LIMIT


class Child:
    """What a memo makes: it knows its labels."""

    def __init__(self, labels: dict[str, str | None]) -> None:
        self.labels = labels


class Shop(enum.StrEnum):
    """A string that is not exactly one."""

    SOUTH = "south"


class Named(str):
    """A string of the user's own."""

    __slots__ = ()


class Broken:
    """A value that can be neither compared, nor hashed, nor shown."""

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    def __hash__(self) -> int:
        raise ZeroDivisionError

    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.fixture
def memo(twin: Any) -> Any:
    """Make a memo of children."""
    return twin.LabelMemo(Child)


def test_each_combination_has_one_child(memo: Any) -> None:
    """The same names and values give the same child, wherever and however the strings were made."""
    first = memo.lookup(shop="south", tier="".join(("go", "ld")))
    assert first.labels == {"shop": "south", "tier": "gold"}
    assert memo.lookup(shop="so" + "uth", tier="gold") is first
    assert memo.lookup(**{"".join(("sh", "op")): "south", "tier": "gold"}) is first
    assert memo.lookup(shop="gold", tier="south") is not first
    assert memo.lookup(shop="south") is not first
    assert memo.lookup() is memo.lookup()
    assert memo.lookup().labels == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (2.5, "2.5"), (True, "true"), (None, None), (Shop.SOUTH, "south"), (Named("x"), "x"), (b"raw", "raw")],
)
def test_values_that_are_no_strings_become_text(memo: Any, value: Any, text: str | None) -> None:
    """They lead to the child of their text."""
    found = memo.lookup(shop=value, tier="gold")
    assert found.labels == {"shop": text, "tier": "gold"}
    assert memo.lookup(shop=value, tier="gold") is found
    assert memo.lookup(shop=text, tier="gold") is found


def test_a_value_that_fails_has_a_child_too(memo: Any) -> None:
    """The user's `__hash__`, `__eq__` and `__str__` may raise: a lookup does not."""
    memo.lookup(shop="south")
    assert "ZeroDivisionError" in memo.lookup(shop=Broken()).labels["shop"]


def test_odd_names_are_found(memo: Any) -> None:
    """A name may be a subclass of a string, or one that no source could hold."""
    odd = memo.lookup(**{Named("shop"): "south", "not a name": "x"})
    assert odd.labels == {"shop": "south", "not a name": "x"}
    assert memo.lookup(**{"shop": "south", "not a name": "x"}) is odd


def test_labels_have_names(memo: Any) -> None:
    """A value without a name is the caller's mistake."""
    with pytest.raises(TypeError, match=r"labels\(\) takes"):
        memo.lookup("south")


def test_it_forgets(memo: Any) -> None:
    """After `clear` every child is made anew, and the old ones are let go."""
    gone = weakref.ref(memo.lookup(shop="south"))
    lookup = memo.lookup
    memo.clear()
    assert gone() is None
    assert lookup(shop="south").labels == {"shop": "south"}


def test_it_is_bounded(memo: Any) -> None:
    """A metric that meets more than the limit starts over, and goes on."""
    made = [weakref.ref(memo.lookup(shop=str(number))) for number in range(LIMIT)]
    assert sum(child() is not None for child in made) == LIMIT
    last = memo.lookup(shop="last")
    assert sum(child() is not None for child in made) == 0
    assert memo.lookup(shop="last") is last


def test_an_error_of_the_maker_passes(twin: Any) -> None:
    """What cannot be made is not kept, and is tried again."""
    made: list[dict[str, str | None]] = []

    def make(labels: dict[str, str | None]) -> Child:
        made.append(labels)
        if len(made) < 3:
            raise LookupError("mine")
        return Child(labels)

    lookup = twin.LabelMemo(make).lookup
    for _ in range(2):
        with pytest.raises(LookupError, match="mine"):
            lookup(shop="south")
    assert lookup(shop="south") is lookup(shop="south")
    assert len(made) == 3


def test_the_maker_may_come_back(twin: Any) -> None:
    """Making a child may look up others, and the same one: both calls give one child."""
    inner: list[Child] = []

    def make(labels: dict[str, str | None]) -> Child:
        if len(inner) < 1:
            inner.append(Child({}))
            inner[0] = lookup(**labels)
        return Child(labels)

    lookup = twin.LabelMemo(make).lookup
    assert lookup(shop="south") is inner[0]


def test_a_cycle_is_collected(twin: Any) -> None:
    """Children that lead back to their memo, and a finaliser that looks one up, do not keep it."""
    ran: list[str] = []

    class Handle:
        def __init__(self) -> None:
            self.memo = twin.LabelMemo(self.make)
            self.lookup = self.memo.lookup

        def make(self, labels: dict[str, str | None]) -> Any:
            child: Any = Child(labels)
            child.handle = self
            return child

        def __del__(self) -> None:
            ran.append(self.lookup(shop="south").labels["shop"])

    handle = Handle()
    gone = weakref.ref(handle.lookup(shop="south"))
    del handle
    gc.collect()
    assert ran == ["south"]
    assert gone() is None


def test_lookups_leave_no_references(memo: Any) -> None:
    """Ten thousand lookups, found and careful, change no reference count."""
    shop, names = "".join(("so", "uth")), {"shop": "x", "number": 3}
    child = memo.lookup(shop=shop)
    memo.lookup(**names)
    before = sys.getrefcount(child), sys.getrefcount(shop), sys.getrefcount(memo)
    for _ in range(10_000):
        memo.lookup(shop=shop)
        memo.lookup(**names)
    assert (sys.getrefcount(child), sys.getrefcount(shop), sys.getrefcount(memo)) == before


def test_threads_get_one_child(memo: Any) -> None:
    """Eight threads that look up the same thousand combinations at once get the same children."""
    found: list[list[Child]] = []
    before, start = sys.getswitchinterval(), threading.Barrier(8)

    def work() -> None:
        start.wait()
        found.append([memo.lookup(shop=f"shop{number}", tier="gold") for number in range(1000)])

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert all(children == found[0] for children in found)


_values = st.one_of(st.text(max_size=3), st.none(), st.integers(0, 3), st.sampled_from(Shop))
_labels = st.dictionaries(st.sampled_from(["shop", "tier", "größe"]), _values)


@given(st.lists(_labels, max_size=30))
@settings(deadline=None)
def test_twins_tell_the_same_apart(calls: list[dict[str, Any]]) -> None:
    """Both make the same children in the same order, and give each call the same one of them."""

    def story(twin: Any) -> list[tuple[int, list[tuple[str, str | None]]]]:
        made: list[Child] = []

        def make(labels: dict[str, str | None]) -> Child:
            made.append(Child(labels))
            return made[-1]

        lookup: Callable[..., Child] = twin.LabelMemo(make).lookup
        found = [lookup(**labels) for labels in calls]
        return [(made.index(child), list(child.labels.items())) for child in found]

    stories = [story(twin) for twin in TWINS.values()]
    assert all(each == stories[0] for each in stories)
