"""The live check: what was really recorded, held against the contracts, and how much of them it was."""

from .check import LiveCheck, LiveReport
from .coverage import Share
from .finding import LiveFinding
from .recording import Recording, Sample, samples_of
from .source import Source, open_source

__all__ = (
    "LiveCheck",
    "LiveFinding",
    "LiveReport",
    "Recording",
    "Sample",
    "Share",
    "Source",
    "open_source",
    "samples_of",
)
