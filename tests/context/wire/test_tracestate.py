"""`tracestate`: read as the grammar says, passed on in order, and changed by the rules for that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.trace import TraceState
from tests.context.wire import grammar

from telemetry.context.tracestate import member, parse_tracestate, with_member

STEADY = settings(max_examples=60, deadline=None, derandomize=True)

keys = st.from_regex(grammar.KEY, fullmatch=True)
values = st.from_regex(grammar.VALUE, fullmatch=True)
pairs = st.dictionaries(keys, values, min_size=1, max_size=34)
blanks = st.text(" \t", max_size=3)


@st.composite
def headers(draw: st.DrawFn) -> str:
    """Write members, some of them empty, with white space around them; as often as not one letter is wrong."""
    members = [f"{key}={value}" for key, value in draw(pairs).items()] + draw(st.lists(st.just(""), max_size=2))
    text = ",".join(draw(blanks) + each + draw(blanks) for each in draw(st.permutations(members)))
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.sampled_from(["", "", ",", "=", "A", "é", "\t", "\n", " "])) + text[place:]


@STEADY
@given(st.one_of(headers(), st.text("ab=, \t@_-*/1Aé\n", max_size=40), st.text(max_size=60)))
def test_it_is_read_exactly_where_the_grammar_takes_it(header: str) -> None:
    """The members come out in order, without white space; one that is invalid spoils them all (§3.3.1.5)."""
    expected = grammar.tracestate(header)
    assert parse_tracestate(header) == ",".join(f"{key}={value}" for key, value in expected or ())


@STEADY
@given(headers())
def test_opentelemetry_agrees(header: str) -> None:
    """Where a list is valid by level 1, which OpenTelemetry reads, both have the same members."""
    theirs = TraceState.from_header([header]).to_header()
    if theirs:
        assert parse_tracestate(header) == theirs


@STEADY
@given(pairs, keys, values)
def test_a_member_is_put_in_front(state: dict[str, str], key: str, value: str) -> None:
    """It replaces the one of its key; the order of the others stays; the list is valid, and short (§3.5)."""
    before = parse_tracestate(",".join(f"{key}={value}" for key, value in list(state.items())[:32]))
    after = with_member(before, key, value)
    found = grammar.tracestate(after)
    assert found is not None and found[0] == (key, value)
    assert member(after, key) == value
    assert len(after) <= max(512, len(key) + 1 + len(value))
    others = [pair for pair in grammar.tracestate(before) or () if pair[0] != key]
    kept = iter(others)
    assert all(pair in kept for pair in found[1:])


def state_of(*sizes: int) -> str:
    """Make a list whose members have these sizes."""
    return ",".join(f"k{number}=" + "v" * (size - 3) for number, size in enumerate(sizes))


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ((100, 100, 100, 100), "k0 k1 k2 k3"),
        ((129, 100, 100, 100), "k0 k1 k2 k3"),
        ((129, 100, 100, 129, 100), "k0 k1 k2 k4"),
        ((128, 128, 128, 128, 100), "k0 k1 k2"),
        ((200, 200, 60, 200), "k0 k1 k2"),
    ],
)
def test_large_members_go_first_and_then_the_last_ones(sizes: tuple[int, ...], kept: str) -> None:
    """Whole members are taken out until 512 characters hold the rest: first those of more than 128 (§3.3.1.5)."""
    after = with_member(state_of(*sizes), "ot", "th:8")
    assert [each.partition("=")[0] for each in after.split(",")] == ["ot", *kept.split()]


def test_the_33rd_member_makes_the_last_one_go() -> None:
    """A list that is full keeps 32 members (§3.5); one that had the key before keeps all of them."""
    full = ",".join(f"k{number}=v" for number in range(32))
    assert with_member(full, "ot", "th:8") == "ot=th:8," + full.removesuffix(",k31=v")
    again = with_member(full, "k31", "w")
    assert again.count(",") == 31 and again.startswith("k31=w,k0=v")


@pytest.mark.parametrize(
    ("key", "value"), [("", "v"), ("A", "v"), ("a", ""), ("a", "v "), ("a", "1,b=2"), ("a=b", "1")]
)
def test_no_invalid_member_is_written(key: str, value: str) -> None:
    """The list stays as it was."""
    assert with_member("vendor=1", key, value) == "vendor=1"
    assert member("vendor=1", "other") == ""
