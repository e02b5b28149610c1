# The compiled cells: the twins of those in `cells.py`, with the same refusals and the same bytes in the page.
#
# They write through pointers into the page. None of them takes a lock: nothing between the first read and the last
# write of an observation calls into Python, so under the GIL no thread, signal handler or finaliser comes in between.
# `inc`, `observe` and `write` are plain built-in methods, because CPython 3.11 and later call a bound one of those
# straight from the bytecode: 18 ns with the loop, against 23 through a vectorcall slot and 26 through Cython's own
# function type, where an empty Python function takes 29.

cimport cython
from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_Clear, PyErr_Fetch, PyErr_Occurred, PyErr_Restore, PyErr_SetInterrupt
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.float cimport DBL_MIN, DBL_MIN_EXP
from libc.math cimport INFINITY, NAN, ceil, floor, frexp, log
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from telemetry._hotpath import cells as _cells_twin
from telemetry._hotpath import layout as _layout

cdef extern from "native/cells.h":
    enum:
        SUMMARY_BINS
        SUMMARY_HEAD_WORDS
        SUMMARY_COPY_WORDS
        SUMMARY_BIAS
        EXPONENTIAL_BUCKETS
        EXPONENTIAL_SCALE
        EXPONENTIAL_HEAD_WORDS
        EXPONENTIAL_COPY_WORDS
    const int64_t EXPONENTIAL_BIAS
    void publish(uint64_t* word, uint64_t value) noexcept nogil
    uint64_t real_time_ns() noexcept nogil
    Py_ssize_t bucket_of(const double* bounds, Py_ssize_t count, double value) noexcept nogil

cdef extern from "Python.h":
    double PyLong_AsDouble(object number) noexcept  # of a number that is too large: -1.0, with an error set

cdef object _careful_number = _cells_twin.number
cdef double _GAMMA_LOG = _cells_twin.GAMMA_LOG
cdef double _PER_OCTAVE = 1 << EXPONENTIAL_SCALE
cdef double _PER_LOG = _PER_OCTAVE / log(2.0)


cdef int _check_layout() except -1:
    sizes = {
        "SUMMARY_BINS": SUMMARY_BINS,
        "SUMMARY_COPY_WORDS": SUMMARY_COPY_WORDS,
        "SUMMARY_BIAS": SUMMARY_BIAS,
        "EXPONENTIAL_BUCKETS": EXPONENTIAL_BUCKETS,
        "EXPONENTIAL_SCALE": EXPONENTIAL_SCALE,
        "EXPONENTIAL_COPY_WORDS": EXPONENTIAL_COPY_WORDS,
        "EXPONENTIAL_BIAS": EXPONENTIAL_BIAS,
    }
    for name, size in sizes.items():
        if getattr(_layout, name) != size:
            raise ImportError(f"this extension was built for another page layout, where {name} is {size}; build it again")
    return 0


_check_layout()


cdef inline double _as_double(object value) except? -1.0:
    # Exact floats and ints are read; all others take the way of the pure twin, where `__float__` is the user's code.
    # That may take as long as it likes: no word of the page was read yet.
    cdef double number
    if PyFloat_CheckExact(value):
        return PyFloat_AS_DOUBLE(value)
    if not PyLong_CheckExact(value):
        return _careful_number(value)
    number = PyLong_AsDouble(value)
    if number == -1.0 and PyErr_Occurred() != NULL:
        PyErr_Clear()
        return NAN
    return number


cdef class Cell:
    """What all cells have: words of a page, and whom to hand what they refuse."""

    cdef uint64_t* integers_at
    cdef double* doubles_at
    # Owned by hand, out of the collector's sight: while that clears a cycle that a cell is in, through `refuse`, a
    # finaliser may still record, and must find the memory. A page refers to nothing that could lead back.
    cdef PyObject* page
    cdef readonly object refuse
    cdef readonly Py_ssize_t at

    def __cinit__(self, *_, **__):
        if type(self) is Cell:
            raise TypeError("a cell is of a kind: make a CounterCell, or one of the others")

    def __dealloc__(self):
        Py_XDECREF(self.page)

    @property
    def integers(self):
        """All words of the page, as unsigned integers."""
        return (<object>self.page).integers

    @property
    def doubles(self):
        """All words of the page, as doubles."""
        return (<object>self.page).doubles

    @cython.binding(False)
    def restart(self):
        """Do nothing in a forked child, as there is no lock."""

    cdef int bind(self, object page, Py_ssize_t at, object refuse, Py_ssize_t words) except -1:
        cdef Py_buffer view
        PyObject_GetBuffer(page.integers, &view, PyBUF_WRITABLE)
        cdef bint is_inside = at >= 0 and words <= view.len // 8 - at
        self.integers_at = <uint64_t*>view.buf + at
        PyBuffer_Release(&view)  # the page's own views keep it mapped
        if not is_inside:
            raise ValueError(f"a cell of {words} words at {at} is not inside of the page")
        self.doubles_at = <double*>self.integers_at
        self.at = at
        self.refuse = refuse
        Py_INCREF(page)
        self.page = <PyObject*>page
        return 0

    cdef int refused(self, double value) except -1:
        if self.refuse is not None:  # as it is once the collector has cleared it
            self.refuse("value_out_of_range", value)
        return 0

    cdef void refused_aside(self, double value) noexcept:
        # For what records from C: an exception may be on its way, and must stay the one.
        cdef PyObject* kind
        cdef PyObject* error
        cdef PyObject* traceback
        PyErr_Fetch(&kind, &error, &traceback)
        try:
            self.refused(value)
        except KeyboardInterrupt:
            PyErr_SetInterrupt()  # it comes again, in the code of the user
        except BaseException:
            pass
        PyErr_Restore(kind, error, traceback)

    cdef void take(self, double value) noexcept:
        """Record one call that took this long, in the metric's unit."""


@cython.final
cdef class CounterCell(Cell):
    """A sum that only rises."""

    def __cinit__(self, page, Py_ssize_t at, refuse):
        self.bind(page, at, refuse, 1)

    @cython.binding(False)
    def inc(self, amount=1.0):
        """Add `amount`, which is neither negative nor infinite."""
        self.put(_as_double(amount))

    @cython.binding(False)
    def write(self, amount=1.0):
        """Add `amount`."""
        self.put(_as_double(amount))

    cdef inline int put(self, double amount) except -1:
        if 0.0 <= amount < INFINITY:
            self.doubles_at[0] += amount
            return 0
        return self.refused(amount)

    cdef void add(self, double amount) noexcept:
        if 0.0 <= amount < INFINITY:
            self.doubles_at[0] += amount
        else:
            self.refused_aside(amount)

    cdef void take(self, double value) noexcept:
        """Count one call, however long it took."""
        self.doubles_at[0] += 1.0


@cython.final
cdef class GaugeCell(Cell):
    """A value that goes up and down, with the time when it was set."""

    cdef double low
    cdef double high

    def __cinit__(self, page, Py_ssize_t at, refuse, limits=(-INFINITY, INFINITY)):
        self.low, self.high = limits
        self.bind(page, at, refuse, _layout.GAUGE_WORDS)

    @property
    def limits(self):
        """The least and the greatest value."""
        return self.low, self.high

    @cython.binding(False)
    def write(self, value):
        """Set the value."""
        cdef double number = _as_double(value)
        if not self.set(number):
            self.refused(number)

    @cython.binding(False)
    def inc(self, amount=1.0):
        """Add `amount`."""
        self.move(_as_double(amount))

    @cython.binding(False)
    def dec(self, amount=1.0):
        """Take `amount` away."""
        self.move(-_as_double(amount))

    cdef void take(self, double value) noexcept:
        if not self.set(value):
            self.refused_aside(value)

    cdef int move(self, double amount) except -1:
        cdef double value = self.doubles_at[1 + 2 * (self.integers_at[0] & 1)] + amount
        return 0 if self.set(value) else self.refused(value)

    cdef bint set(self, double value) noexcept:
        if not (self.low <= value <= self.high and -INFINITY < value < INFINITY):
            return False
        cdef uint64_t spare = 1 - (self.integers_at[0] & 1)
        self.doubles_at[1 + 2 * spare] = value
        self.integers_at[2 + 2 * spare] = real_time_ns()
        publish(self.integers_at, spare)
        return True


@cython.final
cdef class HistogramCell(Cell):
    """Counts per bucket and a sum; the number of observations is the sum of the buckets."""

    cdef double* bounds_at
    cdef double* sum_word
    cdef Py_ssize_t bound_count
    cdef readonly object bounds

    def __cinit__(self, page, Py_ssize_t at, refuse, bounds):
        self.bounds = tuple(bounds)
        self.bound_count = len(self.bounds)
        self.bounds_at = <double*>malloc((self.bound_count + 1) * sizeof(double))
        if self.bounds_at == NULL:
            raise MemoryError
        for index, bound in enumerate(self.bounds):
            self.bounds_at[<Py_ssize_t>index] = bound
        self.bind(page, at, refuse, self.bound_count + 2)
        self.sum_word = self.doubles_at + self.bound_count + 1

    def __dealloc__(self):
        free(self.bounds_at)

    @property
    def sum_at(self):
        """The index of the sum within the page."""
        return self.at + self.bound_count + 1

    @cython.binding(False)
    def observe(self, value):
        """Count `value` into its bucket."""
        self.put(_as_double(value))

    @cython.binding(False)
    def write(self, value):
        """Count `value`."""
        self.put(_as_double(value))

    cdef inline int put(self, double value) except -1:
        if -INFINITY < value < INFINITY:
            self.count(value)
            return 0
        return self.refused(value)

    cdef void record(self, double value) noexcept:
        if -INFINITY < value < INFINITY:
            self.count(value)
        else:
            self.refused_aside(value)

    cdef inline void count(self, double value) noexcept:
        self.integers_at[bucket_of(self.bounds_at, self.bound_count, value)] += 1
        self.sum_word[0] += value

    cdef void take(self, double value) noexcept:
        self.record(value)


include "native/sketches.pxi"
