"""The layout of a journal: one mapped memory a process, with a place for all that it records.

    header   4 KiB: who writes, where everything stands, counts of the writer; apart from these, words of the shipper
    table    slots of the open spans
    notes    what records name by a number: the resource, scopes, sites; and the terms of the run
    pages    metric pages, one behind the other
    ring     segments
    undecided  cells with finished spans of traces of which nobody knows yet whether they are kept

All is 64-bit words, little-endian; places and sizes are bytes. A file is as long as everything may become, and
sparse: only what is used takes room. Each word has one writer: those from `CURSOR` on are the shipper's, `LOCAL` is
the tray's, all others are the process's.

    segment  header (64 bytes: generation · end · size · 5 reserved) · records from there
    record   word · payload, padded so that the whole is a multiple of 8 bytes · checksum, in its last 4 bytes
    word     length of the payload : 32 · scope : 16 · W3C trace flags : 8 · state : 8
    state    1 span · 2 open: a place that is taken, and not written yet · 4 torn: nothing, to be stepped over · 7 log
    slot     word · payload; its word has length : 16 · site : 16 in the place of the length, and is zero while free
    note     word · payload, padded to 8 bytes; its word has length : 32 · number : 16 · kind : 8 · state : 8
    cell     word · next : 32 · checksum : 32 · a piece of a payload, 256 bytes in all; the first cell of a record has
             its word, those behind it zero; next is the number of the cell with the next piece, from 1, or 0; the
             checksum, in the first one, is zlib's CRC-32 of the whole payload

A payload is a span as field 2 of OTLP's `ScopeSpans`, or a log record as field 2 of `ScopeLogs`; so payloads put end
to end are the body of one. The word is written last: a reader stops at a word that is zero or open, since what lies
there is not finished. Segments are used again and again, because touching fresh pages would cost more than the
writing (160 ns a record against 4). A generation is the number of a use, rising by one from 1; it is zero while the
segment is free. `end` is zero until it is full. A segment for one large record is several usual ones long.
"""

from __future__ import annotations

from struct import Struct

WORD = 8
PAGE_SIZE = 4096

MAGIC = int.from_bytes(b"TLMJRNL\x01", "little")
VERSION = 1

# The words of the header: who writes, and where everything stands.
(
    MAGIC_WORD,
    VERSION_WORD,
    CHECKSUM,  # of records: 0 none, 1 CRC-32 (zlib), 2 CRC-32C
    PID,
    PROCESS_STARTED,  # in clock ticks since boot: field 22 of /proc/PID/stat
    BOOT_HIGH,  # the boot id, a UUID, as two numbers
    BOOT_LOW,
    CREATED_NS,  # since the epoch
    KEY,  # what the process locks in the folder's lock file while it lives: the byte of this number
    STATE,  # 1 running, 2 ended: everything was handed over in order, and no more comes
    TABLE_AT,
    SLOTS,
    SLOT_BYTES,
    NOTES_AT,
    NOTES_BYTES,
    NOTES_USED,
    PAGES_AT,
    PAGES_BYTES,
    PAGES_USED,  # where the next page goes, from PAGES_AT
    RING_AT,
    RING_BYTES,
    RING_USED,  # how far segments reach, from RING_AT
    SEGMENT_BYTES_WORD,
    PARENT_KEY,  # of the process that this one was forked from; 0 where it was not
    UNDECIDED_AT,
    UNDECIDED_BYTES,
    UNDECIDED_USED,  # how far cells reach, from UNDECIDED_AT
) = range(27)

RUNNING, ENDED = 1, 2

# Counts of the process. Of spans: started = shipped + pending + torn + abandoned + lost + open + undecided. Those of
# traces that are not sampled are counted at their end, and only as sampled out. Undecided ones count as started; those
# that are dropped are to be taken off. No count ever falls: others make rates of them.
(
    STARTED,  # spans of sampled traces that have begun; one that found no slot counts from its end on
    SAMPLED_OUT,  # spans that ended in a trace that is not sampled
    TORN_COUNT,  # spans whose writing was interrupted
    ABANDONED,  # spans that can end no more, because nothing holds them, or that lost their slot to a newer one
    EXHAUSTED,  # spans that found no slot, ever
    SPANS_OVERWRITTEN,  # spans that were overwritten before anybody took them
    LOGS_OVERWRITTEN,
    SPANS_TOO_LARGE,  # records for which there was no room at all
    LOGS_TOO_LARGE,
    LOGS_WRITTEN,
    DROPPING,  # the generation that is about to be overwritten, unless somebody claims it; 0 none
    UNDECIDED_FULL,  # undecided spans that made way for newer ones
    UNDECIDED_DROPPED,  # undecided spans of traces that were dropped: they are among those sampled out, too
) = range(64, 77)

# Words of the shipper, on cache lines of their own.
(
    CURSOR,  # what comes before it has been shipped or given up: generation : 40 · offset in the segment / 8 : 24
    CLAIM,  # the generation that it is reading now, which is not to be used again meanwhile; 0 none
    SPANS_SHIPPED,
    LOGS_SHIPPED,
    SPANS_REFUSED,  # by the endpoint, for good
    LOGS_REFUSED,
    SPANS_TORN,  # that it met as open records of a thread that is gone, and stepped over
    SPANS_CORRUPT,  # whose checksum or structure was wrong; a record that cannot be told counts as a span
    METRICS_SHIPPED_NS,  # when the metrics were last shipped on behalf of the process, since the epoch
    SPANS_CLOSED,  # open spans that were closed and shipped after the death of the process
    FOLDED,  # 1 once the metrics were added to those of the dead
) = range(128, 139)

LOCAL, LOCAL_CLAIM = 192, 193
"""A cursor and a claim of the process's own, for its sinks in memory."""

HEADER_BYTES_TOTAL = PAGE_SIZE

SEGMENT_BYTES = 256 * 1024
SEGMENT_HEADER_BYTES = 64
LEAST_SEGMENTS = 2
"""With one, all that is new would be lost while it is read."""
GENERATION, END, SIZE = range(3)
"""Words of a segment's header."""

RECORD_HEADER_BYTES = 8
CHECKSUM_BYTES = 4
SPAN, OPEN, TORN, LOG = 1, 2, 4, 7
"""One flipped bit makes none of them another one."""

CELL = Struct("<QII")
CELL_BYTES = 256
"""Three spans of four fit into one."""

NOTE = Struct("<IHBB")
NOTE_RESOURCE, NOTE_SCOPE, NOTE_SITE, NOTE_TERMS = 1, 2, 3, 4
"""What a note is: the content of OTLP's `Resource`; the content of `ScopeSpans` without its spans, by the number of the
scope; a site, by its number, as JSON (name, function, file, line); the terms of the run as JSON (service, environment,
run_id, telemetry, registry)."""
NOTE_WRITTEN = 1

NO_CHECKSUM, CRC32, CRC32C = range(3)


def cursor(generation: int, offset: int) -> int:
    """Make the word that says how far a reader has come."""
    return generation << 24 | offset >> 3


def position(word: int) -> tuple[int, int]:
    """Take a cursor apart: the generation, and the offset in its segment."""
    return word >> 24, (word & 0xFFFFFF) << 3


def room(length: int) -> int:
    """Give the bytes that a record with a payload of this length takes."""
    return RECORD_HEADER_BYTES + (length + CHECKSUM_BYTES + 7 & ~7)
