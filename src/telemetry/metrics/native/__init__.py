"""The compiled part of the room: it adds the cells of whole metric pages without the interpreter lock.

Optional: `merging` is there where it was built. `merge` uses it, and nobody else.
"""

from __future__ import annotations

__all__ = ()
