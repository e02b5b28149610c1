"""Let the records of the standard library's `logging` take the same way as all other lines.

Nothing of the application's own logging changes: neither levels nor handlers, nor what they write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Handler

    from .channel import LogChannel


def stdlib_handler(channel: LogChannel | None = None) -> Handler:
    """Make a handler that sends records through a channel, by default to where the lines of `get_logger` go.

    For those who place handlers themselves: in a `logging.config`, behind a queue, or as `logging.lastResort`.
    """
    from .handler import ChannelHandler

    return ChannelHandler(channel)


def attach_stdlib(channel: LogChannel | None = None, *, logger: str = "") -> Handler:
    """Add a handler to a logger of the standard library, and return it for `detach_stdlib`.

    Records arrive that pass the levels which the application has set. Call `logging.basicConfig` before, for it does
    nothing once there is a handler. A handler of the application that writes to the same stream goes on writing; give
    a channel without a writer, then, to have the records only.

    Args:
        channel: Where lines go; by default to where those of `get_logger` go.
        logger: The name of the logger; the root logger by default.
    """
    from logging import getLogger

    handler = stdlib_handler(channel)
    getLogger(logger or None).addHandler(handler)
    return handler


def detach_stdlib(handler: Handler, *, logger: str = "") -> None:
    """Take away a handler that `attach_stdlib` added; again is harmless."""
    from logging import getLogger

    getLogger(logger or None).removeHandler(handler)
    handler.close()
