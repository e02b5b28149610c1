# The compiled attribute: the twin of `attribute.py`, with a table of its own for text that was seen before.

from cpython.mem cimport PyMem_Calloc, PyMem_Free

from telemetry._hotpath.attribute import KNOWN_LIMIT as _KNOWN_LIMIT
from telemetry._hotpath.protobuf import ATTRIBUTE as _ATTRIBUTE_TAG, attribute as _write_attribute

cdef extern from "native/slots.h":
    size_t hash_of_text(PyObject* text) noexcept
    int same_text(PyObject* one, PyObject* other) noexcept

cdef extern from "Python.h":
    int PyUnicode_CheckExact_ "PyUnicode_CheckExact"(PyObject* candidate) noexcept
    int PyLong_CheckExact_ "PyLong_CheckExact"(PyObject* candidate) noexcept
    int PyFloat_CheckExact_ "PyFloat_CheckExact"(PyObject* candidate) noexcept
    int PyBool_Check_ "PyBool_Check"(PyObject* candidate) noexcept
    double PyFloat_AS_DOUBLE_ "PyFloat_AS_DOUBLE"(PyObject* number) noexcept
    long long PyLong_AsLongLong_ "PyLong_AsLongLong"(PyObject* number) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text) noexcept
    int PyUnicode_READY(PyObject* text) noexcept

cdef extern from "native/wire.h":
    size_t varint_size(uint64_t number) noexcept
    size_t message_size(size_t size) noexcept
    size_t text_attribute_size(size_t key, size_t text) noexcept
    unsigned char* put_varint(unsigned char* at, uint64_t number) noexcept
    unsigned char* put_bytes(unsigned char* at, const void* source, size_t size) noexcept
    unsigned char* put_fixed64(unsigned char* at, unsigned char tag, uint64_t number) noexcept
    unsigned char* put_message(unsigned char* at, unsigned char tag, const void* source, size_t size) noexcept
    unsigned char* put_text_attribute(
        unsigned char* at, unsigned char tag, const void* key, size_t key_size, const void* text, size_t size
    ) noexcept

cdef object _true = True  # Cython takes the literal for a C number

cdef enum:
    FIRST_SLOTS = 32
    NUMBER_BYTES = 10
    LONGEST_KNOWN = 256

cdef enum Passing:
    BOOLEANS = 1
    INTEGERS = 2
    DOUBLES = 4

cdef struct KnownText:
    size_t hash
    PyObject* text
    PyObject* written


@cython.final
cdef class Attribute:
    """Admits values by the contract, once for each: see the pure twin."""

    cdef readonly str name
    cdef readonly object admit
    cdef object glance  # the same without counting
    cdef bytes key  # field 1 of a `KeyValue`
    cdef KnownText* table
    cdef size_t slots
    cdef size_t used
    cdef int passing  # the kinds of number that were admitted as they are, so all of that kind will be

    def __cinit__(self, str name, admit, glance=None):
        self.name = name
        self.admit, self.glance = admit, glance
        self.key = _protobuf.message(0x0A, _protobuf.utf8(name))

    def __dealloc__(self):
        self.forget()
        PyMem_Free(self.table)

    def field(self, value):
        """Give the attribute with this value as a field of a span; nothing where it is refused, or None."""
        return self.write(<PyObject*>value)

    cdef void forget(self) noexcept:
        cdef size_t slot
        for slot in range(self.slots):
            Py_XDECREF_(self.table[slot].text)
            Py_XDECREF_(self.table[slot].written)
            self.table[slot].text = self.table[slot].written = NULL
        self.used = 0

    cdef bytes write(self, PyObject* value):
        # The field of a value, for one span.
        cdef bytes written = self.known(value)
        return self.admitted(<object>value) if written is None else written

    cdef bytes foresee(self, PyObject* value):
        # The same for a span that has just begun: what will be refused is counted at its end, and nothing here.
        cdef bytes written = self.known(value)
        if written is not None or self.glance is None or value == <PyObject*>None:
            return written
        admitted = self.glance(self.name, <object>value)
        return None if admitted is None else self.remember(<object>value, admitted)

    cdef bytes known(self, PyObject* value):
        cdef size_t hash, slot
        if PyUnicode_CheckExact_(value):
            if self.used:
                hash = hash_of_text(value)
                slot = hash & self.slots - 1
                while self.table[slot].text != NULL:
                    if self.table[slot].hash == hash and same_text(self.table[slot].text, value):
                        return <bytes>self.table[slot].written
                    slot = slot + 1 & self.slots - 1
        elif self.passing and value != <PyObject*>None:
            if PyBool_Check_(value):
                if self.passing & BOOLEANS:
                    return self.number(0x10, value == <PyObject*>_true)
            elif PyLong_CheckExact_(value):
                if self.passing & INTEGERS:
                    return self.number(0x18, <uint64_t>PyLong_AsLongLong_(value))
            elif PyFloat_CheckExact_(value) and self.passing & DOUBLES:
                return self.double(PyFloat_AS_DOUBLE_(value))
        return None

    cdef bytes number(self, unsigned char tag, uint64_t number):
        cdef size_t key = len(self.key)
        cdef size_t size = 1 + varint_size(number)
        cdef bytes written = PyBytes_FromStringAndSize(NULL, message_size(key + message_size(size)))
        cdef unsigned char* at = self.start(written, key, size)
        at[0] = tag
        put_varint(at + 1, number)
        return written

    cdef bytes double(self, double number):
        cdef size_t key = len(self.key)
        cdef bytes written = PyBytes_FromStringAndSize(NULL, message_size(key + message_size(9)))
        cdef uint64_t bits
        memcpy(&bits, &number, 8)
        put_fixed64(self.start(written, key, 9), 0x21, bits)
        return written

    cdef unsigned char* start(self, bytes written, size_t key, size_t size) noexcept:
        # All that stands before the content of the value.
        cdef unsigned char* at = <unsigned char*>PyBytes_AS_STRING(<PyObject*>written)
        at[0] = 0x4A
        at = put_varint(at + 1, key + message_size(size))
        at = put_bytes(at, PyBytes_AS_STRING(<PyObject*>self.key), key)
        at[0] = 0x12
        return put_varint(at + 1, size)

    cdef bytes admitted(self, value):
        if value is None:
            return b""
        admitted = self.admit(self.name, value)
        return b"" if admitted is None else self.remember(value, admitted)

    cdef bytes remember(self, value, admitted):
        cdef bytes written = _write_attribute(_ATTRIBUTE_TAG, self.name, admitted)
        kind = type(value)
        if kind is str:
            if len(written) <= LONGEST_KNOWN:
                self.keep(<PyObject*>value, written)
        elif type(admitted) is kind and admitted == value:
            self.passing |= BOOLEANS if kind is bool else INTEGERS if kind is int else DOUBLES if kind is float else 0
        return written

    cdef int keep(self, PyObject* text, bytes written) except -1:
        if self.used >= <size_t>_KNOWN_LIMIT:
            self.forget()
        if self.used * 2 >= self.slots:
            self.grow()
        Py_INCREF_(text)
        Py_INCREF_(<PyObject*>written)
        self.place(KnownText(hash_of_text(text), text, <PyObject*>written))
        self.used += 1
        return 0

    cdef void place(self, KnownText entry) noexcept:
        cdef size_t slot = entry.hash & self.slots - 1
        while self.table[slot].text != NULL:
            slot = slot + 1 & self.slots - 1
        self.table[slot] = entry

    cdef int grow(self) except -1:
        cdef KnownText* before = self.table
        cdef size_t slots = self.slots, slot
        cdef size_t wanted = slots * 2 if slots else FIRST_SLOTS
        cdef KnownText* larger = <KnownText*>PyMem_Calloc(wanted, sizeof(KnownText))
        if larger == NULL:
            raise MemoryError
        self.table, self.slots = larger, wanted
        for slot in range(slots):
            if before[slot].text != NULL:
                self.place(before[slot])
        PyMem_Free(before)
        return 0
