# distutils: language = c++
# distutils: extra_compile_args = -std=c++17 -ffp-contract=off
# cython: language_level=3, binding=False, embedsignature=False
"""Writes what whole metric pages hold, as text or as OTLP, without the interpreter lock.

Values are copied under the lock, some 50 us for 10 000 counters; all formatting follows in one stretch without it,
because taking it back costs up to 5 ms each time. It knows no contract and no label: `plan` says which bytes stand
beside which value.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF

from math import exp, log

from telemetry._hotpath import layout

cdef extern from "Python.h":
    PyObject *new_bytes "PyBytes_FromStringAndSize"(const char *, Py_ssize_t) except NULL
    void set_size "Py_SET_SIZE"(PyObject *, Py_ssize_t)
    char *start_of "PyBytes_AS_STRING"(PyObject *)

cdef extern from "<string_view>" namespace "std" nogil:
    cdef cppclass string_view:
        string_view()
        string_view(const char *, size_t)

cdef extern from "document.h" namespace "rendering" nogil:
    enum Kind:
        COUNTER, GAUGE, HISTOGRAM, SUMMARY, OTHER

    cdef struct Place:
        const uint64_t *entry
        const uint64_t *cell
        size_t words

    cdef cppclass Family:
        Kind kind
        size_t cell_words, pieces_each
        string head
        vector[string] marks
        vector[double] numbers
        vector[Place] places
        void add(const Place &) except +
        void add_piece(const char *, size_t) except +

    cdef struct Sketch:
        int64_t bias
        double gamma_log, middle_log, largest_log

    cdef struct Part:
        const Family *family
        string_view bytes

    cdef cppclass Document:
        vector[Part] parts
        void take() except +
        void settle(const Sketch &)
        size_t most_text_bytes()
        size_t write_text(char *)
        size_t most_request_bytes(string_view, string_view)
        size_t write_request(char *, string_view, string_view, uint64_t)

    char *write_number(char *, double)
    size_t NUMBER_BYTES

cdef size_t HEADER_WORDS = layout.HEADER_WORDS
cdef size_t ENTRY_WORDS = layout.ENTRY_WORDS
cdef size_t USED_WORD = layout.USED_WORD
cdef uint64_t MAGIC = layout.MAGIC
cdef uint64_t VERSION = layout.VERSION
cdef dict _KINDS = {"counter": COUNTER, "gauge": GAUGE, "histogram": HISTOGRAM, "summary": SUMMARY}

cdef double _gamma_log = log((1 + layout.SUMMARY_ACCURACY) / (1 - layout.SUMMARY_ACCURACY))
cdef Sketch SKETCH = Sketch(
    layout.SUMMARY_BIAS, _gamma_log, log(2.0 / (1.0 + exp(_gamma_log))), log(1.797e308)
)


cdef class Reader:
    """Gives the entries of one page, oldest first, each once; a later call goes on where the last one ended.

    Nothing that a page says is believed: an entry that reaches past what is written ends the page.
    """

    cdef Py_buffer _view
    cdef cbool _held
    cdef const uint64_t *_words
    cdef size_t _size, _next
    cdef Place _place
    cdef readonly int kind
    cdef readonly bytes descriptor
    cdef readonly size_t cell_words

    def __cinit__(self, memory):
        self._place.words = 0
        PyObject_GetBuffer(memory, &self._view, PyBUF_SIMPLE)
        self._held = True
        self._words = <const uint64_t *> self._view.buf
        self._size = <size_t> self._view.len // 8
        self._next = HEADER_WORDS
        if (<size_t> self._view.buf) % 8 or self._size < HEADER_WORDS or not self._is_page():
            raise ValueError(f"not a metric page of version {VERSION}")

    def __dealloc__(self):
        if self._held:
            PyBuffer_Release(&self._view)

    def advance(self):
        """Go to the next entry; tell whether there is one."""
        cdef size_t used = min(<size_t> self._words[USED_WORD], self._size)
        cdef const uint64_t *entry = self._words + self._next
        if self._next + ENTRY_WORDS > used:
            return False
        cdef size_t words = <uint32_t> entry[0]
        cdef size_t text = <uint32_t> entry[2]
        cdef size_t cell = entry[2] >> 32
        if words > used - self._next or ENTRY_WORDS + (text + 7) // 8 + cell > words:
            return False
        self.kind = <uint16_t> (entry[0] >> 32)
        self.descriptor = PyBytes_FromStringAndSize(<const char *> (entry + ENTRY_WORDS), text)
        self.cell_words = cell
        self._place = Place(entry, entry + words - cell, words)
        self._next += words
        return True

    cdef cbool _is_page(self) noexcept:
        return self._words[layout.MAGIC_WORD] == MAGIC and self._words[layout.VERSION_WORD] == VERSION


cdef class Rows:
    """The series of one family, in the order of their creation, with the bytes that stand beside their values.

    Args:
        kind: Of the contracts; any other is kept as it is and never written.
        cell_words: The size of each cell.
        head: What stands before an OTLP metric's data; text has its head as a part of its own.
        marks: The text of a histogram's bounds, +Inf included.
        numbers: A histogram's bounds without +Inf, or a summary's quantiles.
        pieces: How many pieces of bytes each series has.
    """

    cdef Family _family
    cdef int _number
    cdef list _readers

    def __init__(
        self, str kind, size_t cell_words, *, bytes head=b"", marks=(), numbers=(), size_t pieces=1
    ):
        self._readers = []
        self._family.kind = _KINDS.get(kind, OTHER)
        self._number = layout.KINDS.index(kind) if kind in layout.KINDS else -1
        self._family.cell_words = cell_words
        self._family.pieces_each = pieces
        self._family.head = head
        self._family.marks = marks
        self._family.numbers = numbers
        if cell_words != self._words_needed():
            self._family.kind = OTHER

    def __len__(self):
        return self._family.places.size()

    @property
    def known(self):
        """Whether the series can be written here."""
        return self._family.kind != OTHER

    def fits(self, Reader reader):
        """Whether the entry that the reader stands at can be written here, after these."""
        return (
            self._family.kind != OTHER
            and reader.kind == self._number
            and reader.cell_words == self._family.cell_words
        )

    def give_up(self):
        """Keep the series for `entries` only, because one of them is of another kind."""
        self._family.kind = OTHER

    def add(self, Reader reader, tuple pieces=()):
        """Take the entry that the reader stands at.

        Raises:
            ValueError: There are more or fewer pieces than each series has, or the cell has another size.
            TypeError: A piece is not bytes.
        """
        cdef bytes piece
        if not reader._place.words:
            raise ValueError("the reader stands at no entry; call its advance() first")
        if self._family.kind != OTHER:
            if <size_t> len(pieces) != self._family.pieces_each or reader.cell_words != self._family.cell_words:
                raise ValueError(f"{len(pieces)} pieces for a cell of {reader.cell_words} words do not fit this family")
            if not all([type(each) is bytes for each in pieces]):
                raise TypeError("pieces are bytes")
            for piece in pieces:
                self._family.add_piece(PyBytes_AS_STRING(piece), len(piece))
        self._family.add(reader._place)
        if not self._readers or self._readers[-1] is not reader:
            self._readers.append(reader)

    def entries(self):
        """Copy the entries as they stand in their pages, one after the other."""
        cdef size_t series
        cdef const Place *place
        copies = []
        for series in range(self._family.places.size()):
            place = &self._family.places[series]
            if <uint32_t> place.entry[0] == place.words:
                copies.append(PyBytes_FromStringAndSize(<const char *> place.entry, 8 * place.words))
        return b"".join(copies)

    cdef size_t _words_needed(self):
        cdef size_t marks = self._family.marks.size(), numbers = self._family.numbers.size()
        if self._family.kind == COUNTER:
            return 1
        if self._family.kind == GAUGE:
            return layout.GAUGE_WORDS
        if self._family.kind == HISTOGRAM:
            return marks + 1 if numbers + 1 == marks else 0
        return layout.SUMMARY_WORDS if numbers + 2 <= layout.SUMMARY_COPY_WORDS else 0


cdef class Writer:
    """Writes parts, each the rows of a family or ready bytes, into one document.

    Call it, and add to its rows, from one thread at a time.
    """

    cdef Document _document

    def text(self, parts):
        """Write the sample lines of all parts."""
        cdef tuple held = self._take(parts)
        cdef PyObject *page = new_bytes(NULL, self._document.most_text_bytes())
        cdef char *begin = start_of(page)
        cdef size_t size
        with nogil:
            self._document.settle(SKETCH)
            size = self._document.write_text(begin)
        return _cut(page, size)

    def request(self, parts, bytes resource, bytes scope, uint64_t time_ns):
        """Write an `ExportMetricsServiceRequest`; a part of bytes is a whole `Metric`."""
        cdef tuple held = self._take(parts)
        cdef string_view resource_view = string_view(PyBytes_AS_STRING(resource), len(resource))
        cdef string_view scope_view = string_view(PyBytes_AS_STRING(scope), len(scope))
        cdef PyObject *message = new_bytes(NULL, self._document.most_request_bytes(resource_view, scope_view))
        cdef char *begin = start_of(message)
        cdef size_t size
        with nogil:
            self._document.settle(SKETCH)
            size = self._document.write_request(begin, resource_view, scope_view, time_ns)
        return _cut(message, size)

    cdef tuple _take(self, parts):
        cdef tuple held = tuple(parts)
        cdef Part part
        self._document.parts.clear()
        for each in held:
            if isinstance(each, Rows):
                if (<Rows> each)._family.kind == OTHER:
                    raise ValueError("the rows of a family of an unknown kind cannot be written")
                part.family = &(<Rows> each)._family
                part.bytes = string_view()
            else:
                part.family = NULL
                part.bytes = string_view(PyBytes_AS_STRING(<bytes?> each), len(<bytes> each))
            self._document.parts.push_back(part)
        self._document.take()
        return held


cdef object _cut(PyObject *written, size_t size):
    """Hand the bytes over, which nobody else holds yet, with the size that was written.

    The room behind them is kept: giving it back makes the C library map each document anew, and the page faults of
    that cost three times what the formatting of 10 000 counters does (0.40 against 0.13 ms).
    """
    if size:
        set_size(written, size)
        start_of(written)[size] = 0
    whole = <object> written
    Py_DECREF(whole)
    return whole if size else b""


def number(double value):
    """Write one number as the text formats have it."""
    cdef char out[64]
    return PyBytes_FromStringAndSize(out, write_number(out, value) - out).decode()
