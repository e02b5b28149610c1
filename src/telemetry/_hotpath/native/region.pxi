# The region from C: see `extent.py` for its layout.

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from telemetry._hotpath import checksum as _checksum_twin, extent as _extent

cdef extern from "native/checksum.h":
    uint32_t crc32c_of(const unsigned char* at, size_t size, uint32_t start) noexcept nogil
    bint has_crc32c() noexcept

cdef extern from "sys/mman.h":
    enum:
        PROT_READ
        PROT_WRITE
        MAP_SHARED
        MAP_PRIVATE
        MAP_FIXED
        MAP_ANONYMOUS
        MAP_NORESERVE
    void* mmap(void* address, size_t length, int access, int flags, int descriptor, int64_t offset) noexcept nogil

cdef extern from *:
    """
    #include <stdint.h>

    /* A word is written after all that it speaks of; on x86-64 this is an ordinary store. */
    static inline void
    commit(unsigned char *at, uint64_t word)
    {
        __atomic_store_n((uint64_t *)at, word, __ATOMIC_RELEASE);
    }

    static inline uint64_t
    committed(const unsigned char *at)
    {
        return __atomic_load_n((const uint64_t *)at, __ATOMIC_ACQUIRE);
    }
    """
    void commit(unsigned char* at, uint64_t word) noexcept nogil
    uint64_t committed(const unsigned char* at) noexcept nogil

cdef extern from "Python.h":
    bytes PyBytes_FromStringAndSize(const char* text, Py_ssize_t size)
    char* PyBytes_AS_STRING(PyObject* text) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject* text) noexcept

cdef enum:
    RECORD_HEADER_BYTES = 8
    CHECKSUM_BYTES = 4
    SEGMENT_HEADER_BYTES = 64
    IS_SPAN = 1
    IS_OPEN = 2
    IS_TORN = 4
    IS_LOG = 7
    CHUNK_RECORDS = 512
    CHUNK_BYTES = 256 * 1024

# The words that the hot path counts in.
cdef size_t STARTED = _extent.STARTED
cdef size_t SAMPLED_OUT = _extent.SAMPLED_OUT
cdef size_t TORN_COUNT = _extent.TORN_COUNT
cdef size_t ABANDONED = _extent.ABANDONED
cdef size_t EXHAUSTED = _extent.EXHAUSTED

CHECKSUM = _extent.CRC32C if has_crc32c() else _extent.NO_CHECKSUM
cdef bint is_checked = has_crc32c()


def crc32c(bytes data, uint32_t start=0):
    """Compute CRC-32C; `start` is that of the bytes that come before."""
    if not is_checked:
        return _checksum_twin.crc32c(data, start)
    return crc32c_of(<unsigned char*>PyBytes_AS_STRING(<PyObject*>data), len(data), start)


def remap(memory, int descriptor, size_t size):
    """Put other memory in the place of a mapping, a file's or with -1 fresh one; tell whether that was done."""
    cdef Py_buffer view
    cdef int flags = MAP_FIXED | (MAP_SHARED if descriptor >= 0 else MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
    cdef void* address
    PyObject_GetBuffer(memory, &view, PyBUF_WRITABLE)
    address = view.buf
    PyBuffer_Release(&view)
    return mmap(address, size, PROT_READ | PROT_WRITE, flags, descriptor, 0) == address


cdef unsigned char* address_of(memory) except NULL:
    # The memory lives as long as `memory`, and never moves.
    cdef Py_buffer view
    cdef unsigned char* address
    PyObject_GetBuffer(memory, &view, PyBUF_WRITABLE)
    address = <unsigned char*>view.buf
    PyBuffer_Release(&view)
    return address


cdef inline size_t record_size(size_t length) noexcept:
    return RECORD_HEADER_BYTES + ((length + CHECKSUM_BYTES + 7) & ~<size_t>7)


cdef inline uint64_t record_word(size_t length, int flags, int scope, int state) noexcept:
    return <uint64_t>length | <uint64_t>scope << 32 | <uint64_t>flags << 48 | <uint64_t>state << 56


cdef inline uint32_t checksum_of(const unsigned char* at, uint64_t word, size_t length) noexcept:
    return crc32c_of(at + RECORD_HEADER_BYTES, length, crc32c_of(<unsigned char*>&word, RECORD_HEADER_BYTES, 0))


cdef inline void seal_record(unsigned char* at, size_t length, uint64_t word) noexcept:
    # The payload is there: write its checksum behind it, and the word before it, which makes it a record.
    cdef uint32_t checksum
    if is_checked:
        checksum = checksum_of(at, word, length)
        memcpy(at + record_size(length) - CHECKSUM_BYTES, &checksum, CHECKSUM_BYTES)
    commit(at, word)
