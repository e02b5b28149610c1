"""A recording that people can look at: as a page of one file, or for the viewers that they have."""

from __future__ import annotations

from .document import html_page
from .perfetto import chrome_trace
from .recording import Event, Exemplar, Line, Link, Metric, Process, Recording, Series, Span
from .source import read_recording
from .speedscope import speedscope_profile
from .traces import Trace, named, only, traces_of

__all__ = (
    "Event",
    "Exemplar",
    "Line",
    "Link",
    "Metric",
    "Process",
    "Recording",
    "Series",
    "Span",
    "Trace",
    "chrome_trace",
    "html_page",
    "named",
    "only",
    "read_recording",
    "speedscope_profile",
    "traces_of",
)
