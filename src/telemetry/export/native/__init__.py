"""The compiled part of the room: it writes the samples of whole pages without the interpreter lock.

Optional: `rendering` is there where it was built. `plan` uses it, and nobody else.
"""

from __future__ import annotations

__all__ = ()
