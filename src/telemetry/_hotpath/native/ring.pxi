# A segment of the ring, and its tip, from C: see `ring.py` for the layout and `segment.py` for the pure twins.

@cython.final
cdef class Segment:
    """A piece of mapped memory that is written once from front to back, and then read."""

    cdef readonly object memory
    cdef readonly object words
    cdef unsigned char* base
    cdef readonly size_t limit
    cdef public size_t head
    cdef public size_t read
    cdef public Py_ssize_t stuck
    cdef public int64_t stuck_ns
    cdef readonly object sealed

    def __init__(self, size_t size):
        import mmap

        cdef Py_buffer view
        self.memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.words = memoryview(self.memory).cast("Q")  # keeps it mapped: nobody can close it
        PyObject_GetBuffer(self.words, &view, PyBUF_WRITABLE)
        self.base = <unsigned char*>view.buf
        PyBuffer_Release(&view)
        self.limit = size
        self.reset()

    def reset(self):
        """Empty it."""
        memset(self.base, 0, self.limit)
        self.sealed = None
        self.read = 0
        self.stuck = -1
        self.stuck_ns = 0
        self.head = 0

    def seal(self):
        """Take no more records."""
        self.sealed = self.head
        self.head = self.limit + 1


cdef class Tip:
    """The end of a ring where spans are written."""

    cdef public Segment current
    cdef public uint64_t sampled_out
    cdef public uint64_t torn
    cdef public OpenTable open

    def put(self, bytes payload, int flags, int scope):
        """Write one record."""
        cdef size_t length = len(payload)
        cdef PyObject* turned = NULL
        cdef unsigned char* at = reserve(self, record_size(length), &turned)
        memcpy(at + HEADER_BYTES, PyBytes_AS_STRING(<PyObject*>payload), length)
        commit(at, record_header(length, flags, scope))
        Py_XDECREF_(turned)


cdef inline size_t record_size(size_t length) noexcept:
    return HEADER_BYTES + ((length + 7) & ~<size_t>7)


cdef inline uint64_t record_header(size_t length, int flags, int scope) noexcept:
    return <uint64_t>length | <uint64_t>scope << 32 | <uint64_t>flags << 48 | <uint64_t>1 << 56


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


def walk(Segment segment, size_t at, list chunks):
    """Add the finished records from here on to `chunks`; give where the next one will be."""
    cdef size_t end = segment.limit if segment.sealed is None else segment.sealed
    cdef size_t first, size, count, length
    cdef uint64_t word
    cdef int scope
    while at < end:
        first, size, count, scope = at, 0, 0, -1
        while at < end and count < CHUNK_SPANS:
            word = committed(segment.base + at)
            length = word & 0xFFFFFFFF
            if word >> 56 == TORN and not count:
                at += record_size(length)
                first = at
                continue
            if word >> 56 != COMMITTED or (count and (scope != <int>(word >> 32 & 0xFFFF) or size + length > CHUNK_BYTES)):
                break
            scope = word >> 32 & 0xFFFF
            size += length
            count += 1
            at += record_size(length)
        if not count:
            break
        chunks.append(chunk_of(segment, first, size, count, scope))
    return at


cdef object chunk_of(Segment segment, size_t at, size_t size, size_t count, int scope):
    cdef bytes payload = PyBytes_FromStringAndSize(NULL, size)
    cdef bytes flags = PyBytes_FromStringAndSize(NULL, count)
    cdef char* to = PyBytes_AS_STRING(<PyObject*>payload)
    cdef char* flag = PyBytes_AS_STRING(<PyObject*>flags)
    cdef uint64_t word
    cdef size_t length
    while count:
        word = committed(segment.base + at)
        length = word & 0xFFFFFFFF
        memcpy(to, segment.base + at + HEADER_BYTES, length)
        flag[0] = <char>(word >> 48 & 0xFF)
        to += length
        flag += 1
        at += record_size(length)
        count -= 1
    return _Chunk(scope, flags, payload)
