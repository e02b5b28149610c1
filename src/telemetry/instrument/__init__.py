"""What a pipeline engineer writes: decorators, spans of blocks, metric handles, lists of targets."""

from __future__ import annotations

from telemetry.door import deferred as _deferred

from .decorators import instrument_span, record_metric
from .handle import Metric, metric
from .named import span
from .sources import Converted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .llm import LlmCall, LlmInstrument, instrument_llm_call
    from .patching import Patches
    from .targets import PROGRAM, Target, check_targets, targets_of
else:
    __getattr__ = _deferred(
        __name__,
        llm="LlmCall LlmInstrument instrument_llm_call",
        patching="Patches",
        targets="PROGRAM Target check_targets targets_of",
    )

__all__ = (
    "PROGRAM",
    "Converted",
    "LlmCall",
    "LlmInstrument",
    "Metric",
    "Patches",
    "Target",
    "check_targets",
    "instrument_llm_call",
    "instrument_span",
    "metric",
    "record_metric",
    "span",
    "targets_of",
)
