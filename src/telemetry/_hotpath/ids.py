"""Trace and span ids: where they come from, and that no two processes have the same.

Our generator is seeded from `os.urandom`, and again in every forked child; the state of the `random` module is never
touched. All bits of an id are uniform, as the random flag of W3C Trace Context level 2 (§3.2.2.5.2) asks of the low
56 bits of a trace id.
"""

from __future__ import annotations

import os

from .randomness import swapped
from .twin import generate_ids, seed_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SEED_BYTES = 32


def generate_with(generator: Any) -> None:
    """Take ids from an OpenTelemetry `IdGenerator`; None takes them from our own again."""
    if generator is None:
        generate_ids(None)
        return

    def bits(size: int) -> int:
        """Ask for the id of a trace, which has 128 bits, or of a span, which has 64."""
        return int(generator.generate_trace_id()) if size > 64 else swapped(int(generator.generate_span_id()))

    generate_ids(bits)


def _reseed() -> None:
    seed_ids(os.urandom(_SEED_BYTES))


_reseed()
os.register_at_fork(after_in_child=_reseed)
