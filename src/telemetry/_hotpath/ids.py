"""Trace and span ids: where they come from, and that no two processes have the same.

Our generator is seeded from `os.urandom`, and again in every forked child; the state of the `random` module is never
touched. All bits of an id are uniform, as the random flag of W3C Trace Context level 2 (§3.2.2.5.2) asks of the low
56 bits of a trace id.
"""

from __future__ import annotations

import os

from .twin import random_bits, seed_ids

_SEED_BYTES = 32


def new_trace_id() -> int:
    """Give a trace id, 128 bits, which no other trace has."""
    return random_bits(128)


def new_span_id() -> int:
    """Give a span id, 64 bits."""
    return random_bits(64)


def _reseed() -> None:
    seed_ids(os.urandom(_SEED_BYTES))


_reseed()
os.register_at_fork(after_in_child=_reseed)
