"""What a pipeline engineer writes: decorators, spans of blocks, metric handles."""

from __future__ import annotations

from .decorators import instrument_span, record_metric
from .handle import Metric, metric
from .named import span
from .sources import Converted

__all__ = ("Converted", "Metric", "instrument_span", "metric", "record_metric", "span")
