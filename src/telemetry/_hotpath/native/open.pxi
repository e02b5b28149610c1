# The table of open spans from C: see `opentable.py` for its layout.

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.string cimport memcpy

from telemetry._hotpath.segment import Chunk as _Chunk

cdef extern from *:
    """
    #include <stdint.h>

    /* A header is written after all that it speaks of; on x86-64 this is an ordinary store. */
    static inline void
    commit(unsigned char *at, uint64_t header)
    {
        __atomic_store_n((uint64_t *)at, header, __ATOMIC_RELEASE);
    }

    static inline uint64_t
    committed(const unsigned char *at)
    {
        return __atomic_load_n((const uint64_t *)at, __ATOMIC_ACQUIRE);
    }
    """
    void commit(unsigned char* at, uint64_t header) noexcept nogil
    uint64_t committed(const unsigned char* at) noexcept nogil

cdef extern from "Python.h":
    bytes PyBytes_FromStringAndSize(const char* text, Py_ssize_t size)
    char* PyBytes_AS_STRING(PyObject* text) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject* text) noexcept
from telemetry._hotpath.opentable import SLOT_BYTES as _SLOT_BYTES, SLOTS as _SLOTS

cdef enum:
    NO_SLOT = -1
    HEADER_BYTES = 8
    COMMITTED = 1
    TORN = 3
    CHUNK_SPANS = 512
    CHUNK_BYTES = 256 * 1024


@cython.final
cdef class OpenTable:
    """What is running now: a slot for each span from its start to its end."""

    cdef readonly object memory
    cdef unsigned char* base
    cdef int* free_slots
    cdef int free_count
    cdef int64_t first  # the number of the first slot, which is another one after each `clear`
    cdef size_t slot_bytes
    cdef public uint64_t exhausted  # spans that found no slot

    def __cinit__(self):
        import mmap

        cdef Py_buffer view
        self.slot_bytes = _SLOT_BYTES
        self.memory = memoryview(
            mmap.mmap(-1, _SLOTS * _SLOT_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        )
        PyObject_GetBuffer(self.memory, &view, PyBUF_WRITABLE)
        self.base = <unsigned char*>view.buf
        PyBuffer_Release(&view)
        self.free_slots = <int*>zeroed(_SLOTS, sizeof(int))
        self.first = -<int64_t>_SLOTS
        self.clear()

    def __dealloc__(self):
        PyMem_Free(self.free_slots)

    def clear(self):
        """Forget all spans; one that is open still has no slot any more, and gives none back."""
        cdef int slot
        self.first += _SLOTS
        self.free_count = _SLOTS
        for slot in range(self.free_count):
            self.free_slots[slot] = self.free_count - 1 - slot
            if committed(self.base + slot * self.slot_bytes):  # of the others, a forked child need not copy the page
                commit(self.base + slot * self.slot_bytes, 0)

    def snapshot(self):
        """Give the open spans as chunks of one span each."""
        cdef size_t at
        cdef uint64_t word
        cdef bytes payload
        chunks = []
        for slot in range(_SLOTS):
            at = slot * self.slot_bytes
            word = committed(self.base + at)
            if word:
                payload = PyBytes_FromStringAndSize(<char*>self.base + at + HEADER_BYTES, word & 0xFFFFFFFF)
                if committed(self.base + at) == word:
                    chunks.append(_Chunk(word >> 32 & 0xFFFF, bytes((word >> 48 & 0xFF,)), payload))
        return chunks


cdef inline int64_t take_slot(OpenTable table) noexcept:
    if table.free_count == 0:
        table.exhausted += 1
        return NO_SLOT
    table.free_count -= 1
    return table.first + table.free_slots[table.free_count]


cdef inline unsigned char* place_of(OpenTable table, int64_t slot) noexcept:
    return table.base + (slot - table.first) * table.slot_bytes


cdef inline void give_back(OpenTable table, int64_t slot) noexcept:
    if slot < table.first:  # taken before a fork
        return
    commit(place_of(table, slot), 0)
    table.free_slots[table.free_count] = <int>(slot - table.first)
    table.free_count += 1


cdef void* zeroed(size_t count, size_t size) except NULL:
    cdef void* made = PyMem_Calloc(max(1, count), size)
    if made == NULL:
        raise MemoryError
    return made
