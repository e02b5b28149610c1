# The compiled label memo: the twin of `labels.py`. Reads keyword labels where the interpreter left them, with no dict.
#
# `lookup` is a bound built-in function made by hand: Cython makes a dict of keywords, which alone costs twice the rest.

from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.ref cimport PyTypeObject
from libc.stdlib cimport calloc

from telemetry._hotpath.labels import LIMIT as _LABELS_LIMIT
from telemetry._hotpath.values import label as _clean_label

cdef extern from *:
    """
    /* The hash of an exact string, which cannot fail. */
    static inline uint64_t
    hash_of(PyObject *text)
    {
        Py_hash_t hash = ((PyASCIIObject *)text)->hash;
        return (uint64_t)(hash == -1 ? PyObject_Hash(text) : hash);
    }

    static inline uint64_t
    stirred(uint64_t hash, uint64_t more)
    {
        hash = (hash ^ more) * UINT64_C(0x9E3779B97F4A7C15);
        return hash ^ hash >> 29;
    }
    """
    uint64_t hash_of(PyObject* text) noexcept
    uint64_t stirred(uint64_t hash, uint64_t more) noexcept

cdef extern from "Python.h":
    int PyUnicode_CheckExact(PyObject* value) noexcept
    int PyUnicode_Compare(PyObject* left, PyObject* right) noexcept
    PyObject* PyTuple_GET_ITEM(PyObject* items, Py_ssize_t index) noexcept
    Py_ssize_t PyTuple_GET_SIZE(PyObject* items) noexcept
    ctypedef struct PyMethodDef:
        const char* ml_name
        void* ml_meth
        int ml_flags
        const char* ml_doc
    int METH_FASTCALL
    int METH_KEYWORDS
    object PyCFunction_NewEx(PyMethodDef* definition, object owner, object module)

cdef struct LabelSlot:
    uint64_t hash
    Py_ssize_t entry  # its number in `kept`, from 1; 0 where there is none

cdef enum:
    CHILD, NAMES, FIRST_VALUE  # the places in an entry


@cython.final
cdef class LabelMemo:
    """Gives the child of a combination of label values, and makes each once: see the pure twin."""

    cdef object make
    # Entries are owned by a list, which the collector sees, and found by number, so that nothing dangles when it
    # clears that list before the memo.
    cdef list kept
    cdef LabelSlot* table
    cdef size_t mask

    def __cinit__(self, make):
        self.make = make
        self.kept = []
        self.table = NULL
        self.mask = 0
        self.grow(15)

    def __dealloc__(self):
        free(self.table)

    @property
    def lookup(self):
        """Give the child for keyword labels."""
        return PyCFunction_NewEx(&_lookup_definition, self, None)

    def clear(self):
        """Forget all children."""
        memset(self.table, 0, (self.mask + 1) * sizeof(LabelSlot))
        if self.kept is not None:
            self.kept.clear()  # last, since it may run finalisers that come here

    cdef int grow(self, size_t mask) except -1:
        cdef LabelSlot* old = self.table
        cdef LabelSlot* table = <LabelSlot*>calloc(mask + 1, sizeof(LabelSlot))
        cdef size_t old_mask = self.mask, index
        if table == NULL:
            raise MemoryError
        self.table, self.mask = table, mask
        if old != NULL:
            for index in range(old_mask + 1):
                if old[index].entry != 0:
                    self.place(old[index].hash, old[index].entry)
            free(old)
        return 0

    cdef void place(self, uint64_t hash, Py_ssize_t entry) noexcept:
        cdef size_t index = hash & self.mask
        while self.table[index].entry != 0:
            index = (index + 1) & self.mask
        self.table[index].hash, self.table[index].entry = hash, entry

    cdef PyObject* find(self, PyObject* names, PyObject** values, uint64_t hash) noexcept:
        # Borrowed, and NULL when it is not there.
        cdef size_t index = hash & self.mask
        cdef LabelSlot slot
        cdef PyObject* entry
        if self.kept is None:  # the collector has cleared it
            return NULL
        while self.table[index].entry != 0:
            slot = self.table[index]
            if slot.hash == hash and slot.entry <= PyList_GET_SIZE(self.kept):
                entry = PyList_GET_ITEM(self.kept, slot.entry - 1)
                if _is_entry_of(entry, names, values):
                    return PyTuple_GET_ITEM(entry, CHILD)
            index = (index + 1) & self.mask
        return NULL

    cdef object keep(self, tuple names, tuple values):
        # Make a child and keep it, unless another thread did so meanwhile: `make` is Python.
        cdef uint64_t hash = 0
        cdef PyObject* found
        cdef PyObject** items = &(<PyTupleObject*>values).ob_item[0]
        child = self.make(dict(zip(names, values)))
        if self.kept is None or not _hash_labels(<PyObject*>names, items, &hash):
            return child
        found = self.find(<PyObject*>names, items, hash)
        if found != NULL:
            return <object>found
        if len(self.kept) >= _LABELS_LIMIT:
            self.clear()
        if <size_t>len(self.kept) > self.mask // 2:
            self.grow(2 * self.mask + 1)
        self.kept.append((child, names, *values))
        self.place(hash, len(self.kept))
        return child

    cdef object careful(self, tuple names, tuple values):
        # Labels that are not all strings, as they are once they were made so.
        cdef uint64_t hash = 0
        cdef PyObject* found
        names = tuple([_clean_label(name) for name in names])
        values = tuple([_clean_label(value) for value in values])
        if _hash_labels(<PyObject*>names, (<PyTupleObject*>values).ob_item, &hash):
            found = self.find(<PyObject*>names, (<PyTupleObject*>values).ob_item, hash)
            if found != NULL:
                return <object>found
        return self.keep(names, values)


cdef extern from "Python.h":
    ctypedef struct PyTupleObject:
        PyObject** ob_item


cdef object _lookup(PyObject* memo, PyObject** arguments, Py_ssize_t count, PyObject* names):
    cdef PyObject* labels = <PyObject*>_no_names if names == NULL else names
    cdef uint64_t hash = 0
    cdef PyObject* found
    cdef Py_ssize_t index
    if count != 0:
        raise TypeError(f"labels() takes labels by name only; {count} were given without")
    if not _hash_labels(labels, arguments, &hash):
        values = tuple([<object>arguments[index] for index in range(PyTuple_GET_SIZE(labels))])
        return (<LabelMemo>memo).careful(<tuple>labels, values)
    found = (<LabelMemo>memo).find(labels, arguments, hash)
    if found != NULL:
        return <object>found
    values = tuple([<object>arguments[index] for index in range(PyTuple_GET_SIZE(labels))])
    return (<LabelMemo>memo).keep(<tuple>labels, values)


cdef bint _hash_labels(PyObject* names, PyObject** values, uint64_t* hash) noexcept:
    # False when not all are exact strings, or None for a value that is missing.
    cdef Py_ssize_t index
    cdef PyObject* name
    cdef PyObject* value
    cdef uint64_t sum = 0
    for index in range(PyTuple_GET_SIZE(names)):
        name, value = PyTuple_GET_ITEM(names, index), values[index]
        if not PyUnicode_CheckExact(name):
            return False
        sum = stirred(sum, hash_of(name))
        if PyUnicode_CheckExact(value):
            sum = stirred(sum, hash_of(value))
        elif value != <PyObject*>None:
            return False
    hash[0] = sum
    return True


cdef bint _is_entry_of(PyObject* entry, PyObject* names, PyObject** values) noexcept:
    cdef PyObject* kept_names = PyTuple_GET_ITEM(entry, NAMES)
    cdef Py_ssize_t index, count = PyTuple_GET_SIZE(names)
    if kept_names != names:
        if PyTuple_GET_SIZE(kept_names) != count:
            return False
        for index in range(count):
            if not _is_same(PyTuple_GET_ITEM(kept_names, index), PyTuple_GET_ITEM(names, index)):
                return False
    for index in range(count):
        if not _is_same(PyTuple_GET_ITEM(entry, FIRST_VALUE + index), values[index]):
            return False
    return True


cdef inline bint _is_same(PyObject* kept, PyObject* given) noexcept:
    if kept == given:
        return True
    if kept == <PyObject*>None or given == <PyObject*>None:
        return False
    return PyUnicode_Compare(kept, given) == 0


cdef tuple _no_names = ()
cdef PyMethodDef _lookup_definition
_lookup_definition.ml_name = "labels"
_lookup_definition.ml_meth = <void*>_lookup
_lookup_definition.ml_flags = METH_FASTCALL | METH_KEYWORDS
_lookup_definition.ml_doc = "Give the child for these label values; keep it where it is used often."
