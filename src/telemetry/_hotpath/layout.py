"""The layout of a metric page: 8-byte words that every process of a host can map and read.

    page    magic · version · pid · started (ns) · used words · size in words · 2 reserved · entries …
    entry   [words:32 kind:16 state:16] · created (ns) · [descriptor bytes:32 cell words:32]
            · descriptor (JSON, padded to a word) · cell
    cells   counter    value (double)
            gauge      active copy, then two copies of: value (double), time (ns)
            histogram  one count a bucket, the last being +Inf; sum (double)
            summary    active copy, then two copies of: place, zeros, sum (double), one count a bin; the place is
                       the number of the lowest bin + 65536, and 0 before the first value
            exponential
                       active copy, then two copies of: window, halvings, zeros, sum (double), least (double),
                       greatest (double), 160 counts. The scale is 20 - halvings. The window holds the indexes of the
                       lowest bucket (upper 32 bits) and of the highest one, each + 2^31; it is 0 before the first value
                       above zero, and so is the least of those. Bucket `index` is counted at (index + 2^31) mod 160

An entry is written before `used` moves past it, so a reader never meets half an entry. Words never move. A value of
several words has two copies, and the word that says which one counts is written last.
"""

from __future__ import annotations

from struct import Struct

WORD = 8
PAGE_WORDS = 8192
"""64 KiB: a page holds some 500 counters or 250 histograms of 14 buckets; a page that is full gets a neighbour."""

MAGIC = int.from_bytes(b"TLMPAGE\x01", "little")
VERSION = 1
HEADER_WORDS = 8
MAGIC_WORD, VERSION_WORD, PID_WORD, STARTED_WORD, USED_WORD, SIZE_WORD = range(6)

ENTRY = Struct("<IHHQII")
ENTRY_WORDS = ENTRY.size // WORD
COMMITTED = 1

KINDS = ("counter", "gauge", "histogram", "summary", "exponential")

GAUGE_WORDS = 5
SUMMARY_BINS = 512
SUMMARY_COPY = Struct(f"=QQd{SUMMARY_BINS}Q")
SUMMARY_HEAD_WORDS = 3
SUMMARY_COPY_WORDS = SUMMARY_COPY.size // WORD
SUMMARY_WORDS = 1 + 2 * SUMMARY_COPY_WORDS
SUMMARY_BIAS = 1 << 16
"""Makes the number of every bin positive: those of the least and the largest double are -37 222 and 35 488."""
SUMMARY_ACCURACY = 0.01
"""Relative error of a quantile; with 512 bins the exact range spans a factor of 27 000 below the largest value."""

EXPONENTIAL_BUCKETS = 160
EXPONENTIAL_SCALE = 20
"""The finest scale, and the number of buckets: the defaults of OpenTelemetry's SDK (Metrics SDK, Base2 Exponential)."""
EXPONENTIAL_BIAS = 1 << 31
"""Makes the index of every bucket positive; at the finest scale they run from -1 071 644 673 to 1 073 741 823."""
EXPONENTIAL_COPY = Struct(f"=QQQddd{EXPONENTIAL_BUCKETS}Q")
EXPONENTIAL_HEAD_WORDS = 6
EXPONENTIAL_COPY_WORDS = EXPONENTIAL_COPY.size // WORD
EXPONENTIAL_WORDS = 1 + 2 * EXPONENTIAL_COPY_WORDS


def cell_words(kind: str, buckets: int = 0) -> int:
    """Give the size of a cell; `buckets` counts the +Inf bucket of a histogram."""
    if kind == "counter":
        return 1
    if kind == "gauge":
        return GAUGE_WORDS
    if kind == "histogram":
        return buckets + 1
    return EXPONENTIAL_WORDS if kind == "exponential" else SUMMARY_WORDS
