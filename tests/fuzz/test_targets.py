"""A short run of every fuzz target; `make fuzz` runs them for minutes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import SEEDS, TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_valid_inputs_pass(name: str) -> None:
    """What each target starts from is what it is about."""
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_does_harm(name: str) -> None:
    """Any bytes, and valid ones in which a few were changed: no exception, and nothing taken that is invalid."""

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(st.binary(max_size=200) | mutated(SEEDS[name]))
    def run(data: bytes) -> None:
        TARGETS[name](data)

    run()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("sampling_rules", b"[" * 100_000),
        ("sampling_rules", b'[{"ratio": NaN}]'),
        ("sampling_rules", b'[{"per_second": Infinity}]'),
        ("sampling_shares", b"a=nan%"),
        ("sampling_shares", b"a=nan"),
        ("retry_after", b"9" * 5000),
        ("retry_after", b"nan\0"),
        ("retry_after", b"Wed, 21 Oct 99999 07:28:00 GMT\0"),
        ("grpc_trailers", b"\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
    ],
)
def test_inputs_that_were_trouble_elsewhere(name: str, data: bytes) -> None:
    """Deep nesting, numbers that are none, and dates that no calendar has."""
    TARGETS[name](data)
