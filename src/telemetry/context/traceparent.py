"""The `traceparent` header of W3C Trace Context, level 2 (§3.2): 00-<trace id>-<parent id>-<flags>."""

from __future__ import annotations

from telemetry._hotpath import Span, TraceContext

_HEX = frozenset("0123456789abcdef")
_LENGTH = 55
_LENGTH_LIMIT = 512
"""Characters of a header, white space included, that are looked at; only a later version may have so many."""
_KNOWN_FLAGS = 0x03
"""Sampled and random; a sender sets all others to zero (§3.2.2.5)."""


def format_traceparent(span: Span | TraceContext) -> str:
    """Write the header that makes `span` the parent."""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags & _KNOWN_FLAGS:02x}"


def parse_traceparent(header: str) -> TraceContext | None:
    """Read a header; None when it is invalid, and the trace must start anew (§3.2.2.2, §4.3).

    A version above 00 is read as far as version 00 goes; version ff is invalid.
    """
    header = header[:_LENGTH_LIMIT].strip(" \t")
    version, _, rest = header.partition("-")
    if not _is_hex(version, 2) or version == "ff" or len(header) < _LENGTH:
        return None
    if len(header) > _LENGTH and (version == "00" or header[_LENGTH] != "-"):
        return None
    trace_id, span_id, flags = rest[:32], rest[33:49], rest[50:52]
    if rest[32] != "-" or rest[49] != "-":
        return None
    if not (_is_hex(trace_id, 32) and _is_hex(span_id, 16) and _is_hex(flags, 2)):
        return None
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(int(trace_id, 16), int(span_id, 16), int(flags, 16) & _KNOWN_FLAGS)


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and _HEX.issuperset(text)
