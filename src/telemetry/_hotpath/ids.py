"""Trace and span ids: random bits of a generator of our own.

It is seeded from `os.urandom`, and again in every forked child; the state of the `random` module is never touched. All
bits of an id are uniform, as the random flag of W3C Trace Context level 2 (§3.2.2.5.2) asks of the low 56 bits of a
trace id. A span id is kept as it stands on the wire, so that it is packed at once: read as a little-endian number.
"""

from __future__ import annotations

import os
from _random import Random

from . import ambient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SEED_BYTES = 32
_generator = Random()


def swapped(number: int) -> int:
    """Turn a span id into the number that stands on the wire, or back."""
    return int.from_bytes(number.to_bytes(8, "little"), "big")


def generate_with(generator: Any) -> None:
    """Take ids from an OpenTelemetry `IdGenerator`; None takes them from our own again."""
    if generator is None:
        ambient._telemetry_bits = _generator.getrandbits
        return

    def bits(size: int) -> int:
        """Ask for the id of a trace, which has 128 bits, or of a span, which has 64."""
        return int(generator.generate_trace_id()) if size > 64 else swapped(int(generator.generate_span_id()))

    ambient._telemetry_bits = bits


def _reseed() -> None:
    _generator.seed(int.from_bytes(os.urandom(_SEED_BYTES), "little"))


_reseed()
generate_with(None)
os.register_at_fork(after_in_child=_reseed)
