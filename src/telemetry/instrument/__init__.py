"""What a pipeline engineer writes: decorators, spans of blocks, metric handles."""

from __future__ import annotations

from .declaration import Converted
from .decorators import instrument_span, record_metric
from .handle import Metric, metric
from .named import span

__all__ = ("Converted", "Metric", "instrument_span", "metric", "record_metric", "span")
