"""What is current here and now, and how it crosses a boundary.

What crosses one is loaded when it is first asked for.
"""

from __future__ import annotations

from telemetry.door import deferred as _deferred

from .current import attach, current_ids, current_span, describe, detach
from .link import link, meet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .customs import govern
    from .entries import get_baggage, remove_baggage, set_baggage
    from .environ import from_environment, to_environment
    from .headers import extract, inject
    from .incoming import Incoming, receive
    from .patching import patch, unpatch
    from .propagated import equip, propagate
    from .propagators import RoutesPropagator
    from .routes import choose
    from .standin import origin, stand_in
    from .traceparent import format_traceparent, parse_traceparent
else:
    __getattr__ = _deferred(
        __name__,
        customs="govern",
        entries="get_baggage remove_baggage set_baggage",
        environ="from_environment to_environment",
        headers="extract inject",
        incoming="Incoming receive",
        patching="patch unpatch",
        propagated="equip propagate",
        propagators="RoutesPropagator",
        routes="choose",
        standin="origin stand_in",
        traceparent="format_traceparent parse_traceparent",
    )

__all__ = (
    "Incoming",
    "RoutesPropagator",
    "attach",
    "choose",
    "current_ids",
    "current_span",
    "describe",
    "detach",
    "equip",
    "extract",
    "format_traceparent",
    "from_environment",
    "get_baggage",
    "govern",
    "inject",
    "link",
    "meet",
    "origin",
    "parse_traceparent",
    "patch",
    "propagate",
    "receive",
    "remove_baggage",
    "set_baggage",
    "stand_in",
    "to_environment",
    "unpatch",
)
