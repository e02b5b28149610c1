# A segment of the ring, and its tip, from C: see `extent.py` for the layout and `segment.py` for the pure twins.

cdef extern from *:
    const Py_ssize_t PY_SSIZE_T_MAX

from telemetry._hotpath.segment import Chunk as _Chunk, walk_records as _walk_carefully


@cython.final
cdef class Segment:
    """A piece of the ring that is written once from front to back, and then used again."""

    cdef readonly object memory
    cdef readonly object words
    cdef unsigned char* base
    cdef readonly size_t at
    cdef readonly size_t limit
    cdef public size_t head
    cdef readonly object sealed
    cdef readonly uint64_t generation

    def __init__(self, memory, size_t at, size_t size):
        self.memory = memory
        self.words = memoryview(memory).cast("Q")  # keeps it mapped: nobody can close it
        self.base = address_of(memory)
        self.at = at
        self.limit = at + size
        self.empty()

    def empty(self):
        """Make it free, and touch its pages."""
        cdef uint64_t size = self.limit - self.at
        cdef unsigned char* first = self.base + self.at
        self.generation = 0
        commit(first, 0)
        commit(first + 16, size)
        memset(first + 8, 0, 8)
        memset(first + 24, 0, size - 24)
        self.sealed = None
        self.head = self.at + SEGMENT_HEADER_BYTES

    def begin(self, uint64_t generation):
        """Use it, under this number."""
        self.generation = generation
        commit(self.base + self.at, generation)

    def seal(self):
        """Take no more records."""
        cdef size_t head = self.head
        self.head = self.limit + 1
        self.sealed = head
        commit(self.base + self.at + 8, head - self.at)


cdef class Tip:
    """The end of a ring where spans are written."""

    cdef public Segment current
    cdef public OpenTable open
    cdef readonly object region
    cdef readonly object words
    cdef uint64_t* counts

    def __init__(self, region):
        self.region = region
        self.words = region.words
        self.counts = <uint64_t*>address_of(region.memory)

    def put(self, bytes payload, int flags, int scope, int kind=IS_SPAN):
        """Write one record."""
        cdef size_t length = len(payload)
        cdef PyObject* turned = NULL
        cdef unsigned char* at = reserve(self, record_size(length), &turned)
        memcpy(at + RECORD_HEADER_BYTES, PyBytes_AS_STRING(<PyObject*>payload), length)
        seal_record(at, length, record_word(length, flags, scope, kind))
        Py_XDECREF_(turned)


cdef unsigned char* reserve(Tip ring, size_t size, PyObject** turned) except NULL:
    # The place of a record of this size, which has to be written before anything calls into Python. A segment that was
    # turned to is the caller's to let go: it may have been filled by others, and dropped, before this comes back.
    cdef Segment segment = ring.current
    cdef size_t at = segment.head
    if at + size <= segment.limit:
        segment.head = at + size
        return segment.base + at
    fresh, found = ring.turn(size)
    segment = <Segment?>fresh
    Py_INCREF_(<PyObject*>segment)
    turned[0] = <PyObject*>segment
    return segment.base + <size_t>found


def walk_records(data, size_t at, size_t end, int checksum, list chunks, most=None, bound=None):
    """Add the finished records of a segment to `chunks`: see the pure twin."""
    cdef Py_buffer view
    cdef bint check = checksum == CHECKSUM and is_checked
    if checksum and not check:
        return _walk_carefully(data, at, end, checksum, chunks, limit_of(most), limit_of(bound))
    PyObject_GetBuffer(data, &view, 0)
    try:
        return walk_buffer(<unsigned char*>view.buf, at, min(end, <size_t>view.len), check, chunks, limit_of(most), limit_of(bound))
    finally:
        PyBuffer_Release(&view)


def count_records(data, size_t at, size_t end):
    """Count the finished spans and log records from a place on: see the pure twin."""
    cdef unsigned char* base = address_of(data)
    cdef size_t spans = 0, logs = 0, size
    cdef uint64_t word
    cdef int state
    while at < end:
        word = committed(base + at)
        state, size = word >> 56, record_size(word & 0xFFFFFFFF)
        if (state != IS_SPAN and state != IS_LOG and state != IS_TORN) or at + size > end:
            break
        spans += state == IS_SPAN
        logs += state == IS_LOG
        at += size
    return spans, logs, at


cdef inline size_t limit_of(limit) except? 0:
    return <size_t>PY_SSIZE_T_MAX if limit is None else min(limit, PY_SSIZE_T_MAX)


cdef tuple walk_buffer(
    unsigned char* base, size_t at, size_t end, bint check, list chunks, size_t most, size_t bound
):
    cdef size_t begin = at, first = at, size = 0, count = 0, length, corrupt = 0
    cdef uint64_t word = 0, key = 0
    cdef int state
    while most and at + RECORD_HEADER_BYTES <= end:
        word = committed(base + at)
        state, length = word >> 56, word & 0xFFFFFFFF
        if state == 0 or state == IS_OPEN:
            break
        if (state != IS_SPAN and state != IS_LOG and state != IS_TORN) or at + record_size(length) > end:
            corrupt += 1
            at = end
            break
        if at + record_size(length) > bound and at != begin:
            break
        if state == IS_TORN or not is_sound(base + at, word, length, check):
            corrupt += state != IS_TORN
            if count:
                chunks.append(chunk_of(base, first, size, count))
            count = size = 0
            at += record_size(length)
            first = at
            continue
        if count and (count == CHUNK_RECORDS or size + length > CHUNK_BYTES or key != chunk_key(word)):
            chunks.append(chunk_of(base, first, size, count))
            first, size, count = at, 0, 0
        key = chunk_key(word)
        size += length
        count += 1
        most -= 1
        at += record_size(length)
    if count:
        chunks.append(chunk_of(base, first, size, count))
    return at, corrupt


cdef inline uint64_t chunk_key(uint64_t word) noexcept:
    return word & <uint64_t>0xFF00FFFF00000000  # state and scope


cdef bint is_sound(const unsigned char* at, uint64_t word, size_t length, bint check) noexcept:
    cdef uint32_t stored
    cdef const unsigned char* payload = at + RECORD_HEADER_BYTES
    cdef size_t told = 0, place = 1
    cdef int shift = 0
    if check:
        memcpy(&stored, at + record_size(length) - CHECKSUM_BYTES, CHECKSUM_BYTES)
        return stored == checksum_of(at, word, length)
    if length < 2 or payload[0] != 0x12:
        return False
    while place < length and place < 6:
        told |= <size_t>(payload[place] & 0x7F) << shift
        shift += 7
        place += 1
        if payload[place - 1] < 0x80:
            break
    if place + told != length:
        return False
    return word >> 56 == IS_LOG or (length > 6 and payload[length - 6] == 0x85 and payload[length - 5] == 0x01)


cdef object chunk_of(unsigned char* base, size_t at, size_t size, size_t count):
    cdef bytes payload = PyBytes_FromStringAndSize(NULL, size)
    cdef bytes flags = PyBytes_FromStringAndSize(NULL, count)
    cdef char* to = PyBytes_AS_STRING(<PyObject*>payload)
    cdef char* flag = PyBytes_AS_STRING(<PyObject*>flags)
    cdef uint64_t word = 0
    cdef size_t length
    while count:
        word = committed(base + at)
        length = word & 0xFFFFFFFF
        memcpy(to, base + at + RECORD_HEADER_BYTES, length)
        flag[0] = <char>(word >> 48 & 0xFF)
        to += length
        flag += 1
        at += record_size(length)
        count -= 1
    return _Chunk(word >> 56, word >> 32 & 0xFFFF, flags, payload)
