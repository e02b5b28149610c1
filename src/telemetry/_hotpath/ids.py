"""Trace and span ids: a sequence number, mixed into random-looking bits when somebody reads them.

The key that is mixed in comes from `os.urandom`, once a process and once more in every forked child; the
`random` module is never touched. `mix64` is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection,
so ids of one process never repeat, and its low 56 bits are uniform, as the random flag of W3C Trace Context level 2
asks.
"""

from __future__ import annotations

import os
from itertools import count

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15

next_sequence = count(1).__next__

_epochs: list[tuple[int, int, int, int]] = []
"""(first sequence number, span key, trace key, trace salt): ids from before a fork keep the parent's keys."""


def mix64(value: int) -> int:
    """Scatter 64 bits, one to one."""
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def span_id(sequence: int) -> int:
    """Give the 64-bit span id of a sequence number; never 0, which W3C Trace Context §3.2.2.4 forbids."""
    _, key, _, _ = _epoch(sequence)
    return mix64(key + sequence * _GOLDEN) or _GOLDEN


def trace_id(sequence: int) -> int:
    """Give the 128-bit trace id of the root span with this sequence number; never 0 (§3.2.2.3)."""
    _, _, key, salt = _epoch(sequence)
    low = mix64(key + sequence * _GOLDEN)
    return (mix64(salt ^ low) << 64 | low) or _GOLDEN


def _epoch(sequence: int) -> tuple[int, int, int, int]:
    for epoch in reversed(_epochs):
        if epoch[0] <= sequence:
            return epoch
    return _epochs[0]


def _reseed() -> None:
    entropy = os.urandom(24)
    keys = (int.from_bytes(entropy[start : start + 8], "little") for start in (0, 8, 16))
    span_key, trace_key, salt = keys
    _epochs.append((next_sequence(), span_key, trace_key, salt))


_reseed()
os.register_at_fork(after_in_child=_reseed)
