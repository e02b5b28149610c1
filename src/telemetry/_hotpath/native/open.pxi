# The table of open spans from C: see `extent.py` for its layout, and `opentable.py` for the pure twin.

from posix.unistd cimport getpid

cdef enum:
    NO_SLOT = -1


@cython.final
cdef class OpenTable:
    """What is running now: a slot for each span from its start to its end."""

    cdef readonly object memory
    cdef unsigned char* base
    cdef uint64_t* counts
    cdef int* free_slots
    cdef int free_count, slots
    cdef int64_t first  # the number of the first slot, which is another one after each `clear`
    cdef size_t slot_bytes
    cdef int process
    cdef int64_t since  # when it was cleared: a span that began before was open at a fork, and is the parent's

    def __cinit__(self, region):
        words = region.words
        self.memory = region.memory
        self.counts = <uint64_t*>address_of(self.memory)
        self.base = <unsigned char*>self.counts + <size_t>words[_extent.TABLE_AT]
        self.slots, self.slot_bytes = words[_extent.SLOTS], words[_extent.SLOT_BYTES]
        self.free_slots = <int*>zeroed(self.slots, sizeof(int))
        self.first = -<int64_t>self.slots
        self.clear()

    def __dealloc__(self):
        PyMem_Free(self.free_slots)

    def clear(self):
        """Forget all spans; one that is open still has no slot any more, and gives none back."""
        cdef int slot
        self.process = getpid()
        self.since = monotonic_ns()
        self.first += self.slots
        self.free_count = self.slots
        for slot in range(self.free_count):
            self.free_slots[slot] = self.free_count - 1 - slot
            if committed(self.base + slot * self.slot_bytes):  # of the others, a forked child need not copy the page
                commit(self.base + slot * self.slot_bytes, 0)

    cdef bint holds(self, int64_t slot) noexcept:
        # Whether a slot is one of this process, and of the table as it is since the last `clear`.
        return slot >= self.first and self.process == getpid()

    def snapshot(self):
        """Give the open spans as chunks of one span each."""
        cdef size_t at
        cdef uint64_t word
        cdef bytes payload
        chunks = []
        for slot in range(self.slots):
            at = slot * self.slot_bytes
            word = committed(self.base + at)
            if word:
                payload = PyBytes_FromStringAndSize(<char*>self.base + at + RECORD_HEADER_BYTES, word & 0xFFFF)
                if committed(self.base + at) == word:
                    chunks.append(_Chunk(IS_SPAN, word >> 32 & 0xFFFF, bytes((word >> 48 & 0xFF,)), payload))
        return chunks


cdef inline int64_t take_slot(OpenTable table) noexcept:
    if table.free_count == 0:
        table.counts[EXHAUSTED] += 1
        return NO_SLOT
    table.free_count -= 1
    return table.first + table.free_slots[table.free_count]


cdef inline unsigned char* place_of(OpenTable table, int64_t slot) noexcept:
    return table.base + (slot - table.first) * table.slot_bytes


cdef inline void give_back(OpenTable table, int64_t slot) noexcept:
    # A span without a slot counts as started from its end on.
    if slot == NO_SLOT:
        table.counts[STARTED] += 1
        return
    commit(place_of(table, slot), 0)
    table.free_slots[table.free_count] = <int>(slot - table.first)
    table.free_count += 1


cdef void* zeroed(size_t count, size_t size) except NULL:
    cdef void* made = PyMem_Calloc(max(1, count), size)
    if made == NULL:
        raise MemoryError
    return made
