"""The `traceparent` header of W3C Trace Context, level 2 (§3.2): 00-<trace id>-<parent id>-<flags>."""

from __future__ import annotations

from telemetry._hotpath import Span, TraceContext

_HEX = "0123456789abcdef"
_LENGTH = 55
_KNOWN_FLAGS = 0x03
"""Sampled and random; a sender sets all others to zero (§3.2.2.5)."""


def format_traceparent(span: Span | TraceContext) -> str:
    """Write the header that makes `span` the parent."""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags & _KNOWN_FLAGS:02x}"


def parse_traceparent(header: str) -> TraceContext | None:
    """Read a header; None when it is invalid, and the trace must start anew (§3.2.2.2, §4.3).

    A version above 00 is read as far as version 00 goes, whatever follows; version ff is invalid.
    """
    header = header.strip(" \t")
    version, trace_id, span_id, flags = header[:2], header[3:35], header[36:52], header[53:_LENGTH]
    if len(header) < _LENGTH or (version + trace_id + span_id + flags).strip(_HEX):
        return None
    if header[2] + header[35] + header[52] != "---" or version == "ff":
        return None
    if len(header) > _LENGTH and (version == "00" or header[_LENGTH] != "-"):
        return None
    trace, span = int(trace_id, 16), int(span_id, 16)
    return TraceContext(trace, span, int(flags, 16) & _KNOWN_FLAGS) if trace and span else None
