"""Checksums of records: zlib's CRC-32, and CRC-32C, for which processors have instructions.

Source of CRC-32C (Castagnoli): RFC 3720 §12.1.
"""

from __future__ import annotations

from .extent import CRC32, CRC32C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_REVERSED_POLYNOMIAL = 0x82F63B78


def crc32c(data: bytes, start: int = 0) -> int:
    """Compute CRC-32C; `start` is that of the bytes that come before. Slow: it is for reading what others wrote."""
    table = _table or _fill()
    crc = start ^ 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


_table: list[int] = []


def _fill() -> list[int]:
    if not _table:
        _table.extend(map(_shifted, range(256)))
    return _table


def _shifted(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_REVERSED_POLYNOMIAL if byte & 1 else 0)
    return byte


def check_of(kind: int) -> Callable[..., int] | None:
    """Give what computes a kind of checksum, called with bytes and the checksum of what stands before them."""
    if kind == CRC32:
        from zlib import crc32

        return crc32
    return crc32c if kind == CRC32C else None
