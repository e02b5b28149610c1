"""Mutation: valid inputs in which a few bytes were changed, taken out, doubled or put in."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

_TELLING = (
    b"",
    b"\0",
    b" ",
    b"\t",
    b"\n",
    b",",
    b";",
    b"=",
    b"-",
    b"%",
    b"0",
    b"f",
    b"F",
    b"\xff",
    b"\xc3\xa9",
    b"@",
    b'"',
)


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Change one to four places of a seed."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, len(data)))
        last = draw(st.integers(first, min(len(data), first + 8)))
        put = draw(st.sampled_from(_TELLING) | st.binary(max_size=4) | st.just(data[first:last] * 3))
        data = data[:first] + put + data[last:]
    return data
