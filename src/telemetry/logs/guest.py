"""Imports structlog as a guest that moves nothing in the house.

structlog imports rich where that is installed, and rich draws from the application's random generator as it is
imported. A build that is to be reproducible would then depend on when its first line was logged.
"""

from __future__ import annotations

import sys


def import_structlog() -> None:
    """Import structlog, 150 ms the first time, and leave the random stream where it is."""
    if "structlog" in sys.modules:
        return
    import random

    theirs = random.getrandbits
    random.getrandbits = random.Random().getrandbits  # noqa: S311 -- rich numbers its styles with it
    try:
        import structlog  # noqa: F401 -- the import is the point
    finally:
        random.getrandbits = theirs
