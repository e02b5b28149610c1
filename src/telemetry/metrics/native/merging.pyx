# distutils: language = c++
# distutils: extra_compile_args = -std=c++17 -ffp-contract=off
# cython: language_level=3, binding=False, embedsignature=False
"""Adds the cells of a metric page into those of others, all in one stretch without the interpreter lock."""

from libc.stdint cimport uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.vector cimport vector
from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer

from telemetry._hotpath import layout

cdef extern from "cellmerge.h" namespace "merging" nogil:
    enum Operation:
        RISING, COUNTER, HISTOGRAM, SUMMARY, EXPONENTIAL, LAST, SUM, MAX, MIN, OPERATIONS

    cdef struct Link:
        const uint64_t *source
        uint64_t *target
        uint32_t words
        Operation operation

    size_t BINS, BINS_AT, BUCKETS, BUCKETS_AT
    uint64_t SUMMARY_BIAS
    void merge(const Link &, uint64_t, cbool)

if (BINS, BINS_AT, SUMMARY_BIAS) != (layout.SUMMARY_BINS, layout.SUMMARY_HEAD_WORDS, layout.SUMMARY_BIAS) or (
    (BUCKETS, BUCKETS_AT) != (layout.EXPONENTIAL_BUCKETS, layout.EXPONENTIAL_HEAD_WORDS)
):
    raise ImportError("built for another layout of metric pages")

# What a cell has at least, by operation: none is shorter than what is read of it.
cdef dict _WORDS = {
    RISING: 1, COUNTER: 1, HISTOGRAM: 1, SUMMARY: layout.SUMMARY_WORDS, EXPONENTIAL: layout.EXPONENTIAL_WORDS,
    LAST: layout.GAUGE_WORDS, SUM: layout.GAUGE_WORDS, MAX: layout.GAUGE_WORDS, MIN: layout.GAUGE_WORDS,
}


cdef class _Memory:
    """A page, held where it is."""

    cdef Py_buffer _view
    cdef cbool _held
    cdef object owner
    cdef uint64_t *words
    cdef size_t size

    def __cinit__(self, owner, cbool written):
        PyObject_GetBuffer(owner, &self._view, PyBUF_WRITABLE if written else PyBUF_SIMPLE)
        self._held = True
        self.owner = owner
        self.words = <uint64_t *> self._view.buf
        self.size = <size_t> self._view.len // 8
        if <size_t> self._view.buf % 8:
            raise ValueError("a page is made of whole words, where words lie")

    def __dealloc__(self):
        if self._held:
            PyBuffer_Release(&self._view)


cdef class Links:
    """The cells of one page, each with the cell that it is added into.

    Args:
        source: The page; its length is a multiple of 8.
    """

    cdef _Memory _source
    cdef list _targets
    cdef vector[Link] _links

    def __init__(self, source):
        self._source = _Memory(source, False)
        self._targets = []

    def __len__(self):
        return self._links.size()

    def add(self, int operation, size_t at, target, size_t target_at, size_t words):
        """Add the cell at one word into the one at another, in each run from now on.

        Raises:
            ValueError: One of them reaches past its page, or they are too short.
        """
        cdef _Memory into = self._held(target)
        cdef size_t size = self._source.size
        if at > size or words > size - at or target_at > into.size or words > into.size - target_at:
            raise ValueError(f"a cell of {words} words at {at} or at {target_at} reaches past its page")
        if words < <size_t> _WORDS[operation]:
            raise ValueError(f"a cell of {words} words is too short for operation {operation}")
        self._links.push_back(
            Link(self._source.words + at, into.words + target_at, <uint32_t> words, <Operation> operation)
        )

    def run(self, uint64_t now_ns, *, cbool living):
        """Add all cells; a gauge that is summed up counts while its process is `living`."""
        cdef size_t place
        with nogil:
            for place in range(self._links.size()):
                merge(self._links[place], now_ns, living)

    cdef _Memory _held(self, target):
        if self._targets and (<_Memory> self._targets[-1]).owner is target:
            return <_Memory> self._targets[-1]
        cdef _Memory held = _Memory(target, True)
        self._targets.append(held)
        return held
