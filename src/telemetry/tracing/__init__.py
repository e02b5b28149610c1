"""Tracing: what becomes of a finished span, and of the spans of OpenTelemetry's API."""

from telemetry._hotpath import decoded
from telemetry.door import deferred as _deferred

from .batch import FinishedSpans
from .idgenerator import OwnIds, PluggedIds
from .keeping import Keeping
from .records import Recorder, seen_in
from .sampler import Decide, sampler
from .terms import Terms
from .watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .rules import Rules
else:
    __getattr__ = _deferred(__name__, rules="Rules")

__all__ = (
    "Decide",
    "FinishedSpans",
    "Keeping",
    "OwnIds",
    "PluggedIds",
    "Recorder",
    "Rules",
    "Terms",
    "Watch",
    "decoded",
    "sampler",
    "seen_in",
)
