"""Bound from above how many bytes a log record takes in an OTLP request.

It encodes nothing; the bound comes from the lengths of names and values, in some microseconds. The worker's outboxes
cut their batches by it.
"""

from __future__ import annotations

from telemetry.signals import Attributes, AttributeValue, LogRecord

# Upper bounds of what protobuf spends on the fields of fixed size, on tags, and on lengths below 2^28 (4 bytes each).
_LOG_BYTES = 160
_ATTRIBUTE_BYTES = 32
_VALUE_BYTES = 16


def log_bytes(record: LogRecord) -> int:
    """Bound the encoded size of a log record, with its scope, from above."""
    return _LOG_BYTES + 2 * _text(record.event) + _text(record.logger) + _attributes(record.fields)


def _attributes(attributes: Attributes) -> int:
    return sum(_ATTRIBUTE_BYTES + _text(key) + _value(value) for key, value in attributes.items())


def _value(value: AttributeValue) -> int:
    match value:
        case str():
            return _text(value)
        case tuple():
            return sum(_VALUE_BYTES + _value(item) for item in value)
        case int():
            # Beyond 64 bits it travels as decimal text, which takes less than a third of a byte a bit.
            return _VALUE_BYTES + value.bit_length() // 3
        case _:
            return _VALUE_BYTES


def _text(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
