# The compiled opener: what `telemetry.span(name, key=value)` calls, without a frame for the names that it knows.

cdef extern from "native/slots.h":
    int forbid_making(PyObject* type) except -1

cdef extern from "Python.h":
    int PyDict_CheckExact_ "PyDict_CheckExact"(PyObject* candidate) noexcept

from types import MethodType as _MethodType

cdef object _kind_name = "kind", _links_name = "links", _attributes_name = "attributes"


@cython.final
cdef class Opener:
    """A function that opens a span by name; calls that ask for more than attributes go to the function behind it.

    `sites` maps a name to its site, made ready: whoever owns it keeps it up to date.
    """

    cdef vectorcallfunc vectorcall
    cdef readonly object __wrapped__
    cdef dict sites
    cdef dict __dict__

    def __cinit__(self, function, dict sites):
        self.vectorcall = open_span
        self.__wrapped__ = function
        self.sites = sites

    def __get__(self, instance, owner):
        return self if instance is None else _MethodType(self, instance)

    def __repr__(self):
        return repr(self.__wrapped__)

    def __reduce__(self):
        return self.__wrapped__.__qualname__


cdef PyObject* open_span(PyObject* called, PyObject** args, size_t flags, PyObject* keywords) noexcept:
    cdef Opener self = <Opener>called
    cdef PyObject* site
    cdef Span span
    if PyVectorcall_NARGS(flags) == 1 and PyUnicode_CheckExact_(args[0]):
        site = PyDict_GetItemWithError(<PyObject*>self.sites, args[0])
        if site != NULL and takes_attributes_only(args + 1, keywords):
            try:
                outer = ambient_values()
                span = begin_span(<Plan>site, _no_arguments, outer, None)
                if keywords != NULL:
                    set_keywords(span, args + 1, keywords)
                show_begun(span, outer)
            except BaseException as error:
                return raised(error)
            Py_INCREF_(<PyObject*>span)
            return <PyObject*>span
    return PyObject_Vectorcall_(<PyObject*>self.__wrapped__, args, flags, keywords)


cdef int set_keywords(Span span, PyObject** values, PyObject* keywords) except -1:
    cdef Py_ssize_t index, place
    cdef PyObject* key
    cdef PyObject* value
    for index in range(PyTuple_GET_SIZE_(keywords)):
        key = PyTuple_GET_ITEM_(keywords, index)
        if same_text(key, <PyObject*>_attributes_name):
            place = 0
            while PyDict_Next(values[index], &place, &key, &value):
                put_attribute(span, <object>key, <object>value)
        else:
            put_attribute(span, <object>key, <object>values[index])
    return 0


cdef inline bint takes_attributes_only(PyObject** values, PyObject* keywords) noexcept:
    cdef Py_ssize_t index
    cdef PyObject* key
    if keywords != NULL:
        for index in range(PyTuple_GET_SIZE_(keywords)):
            key = PyTuple_GET_ITEM_(keywords, index)
            if same_text(key, <PyObject*>_kind_name) or same_text(key, <PyObject*>_links_name):
                return False
            if same_text(key, <PyObject*>_attributes_name) and not has_plain_keys(values[index]):
                return False
    return True


cdef inline bint has_plain_keys(PyObject* mapping) noexcept:
    # Setting attributes calls into Python for values of other types, which must not change what is walked through.
    cdef Py_ssize_t place = 0
    cdef PyObject* key
    cdef PyObject* value
    if not PyDict_CheckExact_(mapping):
        return False
    while PyDict_Next(mapping, &place, &key, &value):
        if not PyUnicode_CheckExact_(key) or not (
            PyUnicode_CheckExact_(value) or PyLong_CheckExact_(value) or PyFloat_CheckExact_(value)
            or PyBool_Check_(value)
        ):
            return False
    return True


def ready(site):
    """Give what the opener finds in place of a site."""
    return plan_of(site)


def opener(function, sites):
    """Give what opens spans of the sites in `sites` without calling `function`, which opens all others."""
    made = Opener(function, sites)
    for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
        setattr(made, name, getattr(function, name))
    return made


for _kind in (Span, Combination, Recorded, Steps, RecordedCoroutine, RecordedGenerator):
    forbid_making(<PyObject*>_kind)
cdef Opener _example = Opener(opener, {})
install_vectorcall(<PyObject*>Opener, <char*>&_example.vectorcall - <char*><PyObject*>_example)
