"""The live check: what was really recorded, held against the contracts, and how much of them it was."""

from .check import LiveCheck, LiveReport
from .coverage import Share
from .fetch import fetch
from .finding import LiveFinding
from .recording import Misfit, Recording, Sample, samples_of
from .source import Source, open_source

__all__ = (
    "LiveCheck",
    "LiveFinding",
    "LiveReport",
    "Misfit",
    "Recording",
    "Sample",
    "Share",
    "Source",
    "fetch",
    "open_source",
    "samples_of",
)
