"""The pure twin's source of ids: random bits of a generator of our own.

A span id is kept as it stands on the wire, so that it is packed at once: read as a little-endian number.
"""

from __future__ import annotations

from _random import Random

from . import ambient

_generator = Random()


def swapped(number: int) -> int:
    """Turn a span id into the number that stands on the wire, or back."""
    return int.from_bytes(number.to_bytes(8, "little"), "big")


def random_bits(size: int) -> int:
    """Give 64 or 128 random bits, never all zero."""
    return _generator.getrandbits(size) or 1


def seed_ids(entropy: bytes) -> None:
    """Seed the generator of ids, with 32 bytes that nobody else has."""
    _generator.seed(int.from_bytes(entropy, "little"))


ambient._telemetry_bits = _generator.getrandbits
