"""The loggers that applications use, and the channel that they all lead to.

The host's own structlog configuration is neither read nor changed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast, final

from .channel import EventDict, LogChannel
from .guest import import_structlog
from .processors import claim
from .writer import LineWriter

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_current: LogChannel | None = None


def get_logger(name: str = "") -> FilteringBoundLogger:
    """Make a structlog logger whose lines take the current channel.

    It may be made before telemetry is configured, and follows whatever is configured later. Until then only warnings
    and worse are written, to the standard error stream, as the standard library does it. Below the level a call
    returns at once; what `bind` returns keeps the level that it was made under, if telemetry was configured then.

    >>> get_logger("demo").bind(backend="c-gcc").debug("compile.start")

    Args:
        name: The field `logger` of each line; usually `__name__`.
    """
    import_structlog()
    from structlog import wrap_logger

    return cast("FilteringBoundLogger", wrap_logger(_Source(name), [_emit], cast("Any", _filtering), dict, False))


def current_channel() -> LogChannel:
    """Return where lines go now."""
    return _current or _unconfigured()


def use_channel(channel: LogChannel | None) -> LogChannel | None:
    """Send the lines of all loggers to this channel, and return the one before; None stands for the unconfigured."""
    global _current
    before, _current = _current, channel
    return before


@cache
def _unconfigured() -> LogChannel:
    from .chains import console_chain

    return LogChannel(console_chain(), LineWriter(), level="warning")


@final
class _Source:
    """What structlog wraps: the name of the logger; its methods, called when the line is written, do nothing."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def _done(self) -> None: ...

    debug = info = warning = error = critical = notset = _done


def _emit(source: _Source, method: str, line: EventDict) -> tuple[tuple[()], dict[str, Any]]:
    if source.name:
        claim(line, "logger", source.name)
    current_channel().emit(method, line, source)
    return (), {}


def _filtering(source: _Source, processors: list[Any], context: dict[str, Any]) -> Any:
    from structlog import make_filtering_bound_logger

    level = _current.level if _current is not None else "notset"
    return cast("Any", make_filtering_bound_logger(level))(source, processors, context)
