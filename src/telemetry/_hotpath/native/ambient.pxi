# The ambient values from C: the variable that carries them, and mappings that are used again.
#
# A mapping of ours that nobody else holds when its span has ended is kept for the next span: making one costs 60 ns,
# and an application that copied or captured the context holds a reference, so that its mapping is never touched.

from telemetry._hotpath import ambient as _ambient

cdef extern from "native/slots.h":
    object new_mapping(PyObject* type, PyObject* no_arguments)
    void* current_contextvars() noexcept
    int pause_collector() noexcept
    void resume_collector(int was_running) noexcept

cdef extern from "Python.h":
    int PyContextVar_Get(PyObject* variable, PyObject* otherwise, PyObject** value) except -1
    PyObject* PyContextVar_Set(PyObject* variable, PyObject* value) noexcept
    int PyContextVar_Reset(PyObject* variable, PyObject* token) noexcept
    int PyContextVar_CheckExact(PyObject* candidate)
    PyObject* PyDict_GetItemWithError(PyObject* mapping, PyObject* key) noexcept
    int PyDict_SetItem(PyObject* mapping, PyObject* key, PyObject* value) except -1
    int PyDict_Update(PyObject* mapping, PyObject* other) except -1
    int PyDict_Check(PyObject* candidate) noexcept
    Py_ssize_t PyDict_GET_SIZE(PyObject* mapping)
    Py_ssize_t Py_REFCNT(PyObject* candidate)
    void Py_INCREF_ "Py_INCREF"(PyObject* candidate) noexcept
    void Py_DECREF_ "Py_DECREF"(PyObject* candidate) noexcept
    void Py_XINCREF_ "Py_XINCREF"(PyObject* candidate) noexcept
    void Py_XDECREF_ "Py_XDECREF"(PyObject* candidate) noexcept
    void PyErr_Clear_ "PyErr_Clear"() noexcept

cdef inline int raise_pending() except -1:
    # Raise the exception that C has set.
    return -1


cdef enum:
    MAPPINGS_KEPT = 128

cdef object _variable, _get, _set, _reset, _key, _mapping_type
cdef object _no_arguments = ()
cdef object _nothing = {}  # stands for ambient values that are none: anybody may attach anything
cdef bint _is_direct  # whether `_variable` is what both sides read; else the callables of another one serve
cdef PyObject* _mappings[MAPPINGS_KEPT]
cdef int _mappings_count = 0


def _follow_ambient():
    """Take over what `ambient` says now: whose variable is read, and under which key a span stands."""
    global _variable, _get, _set, _reset, _key, _mapping_type, _is_direct, _mappings_count
    _get, _set, _reset = _ambient._telemetry_get, _ambient._telemetry_set, _ambient._telemetry_reset
    _variable = getattr(_get, "__self__", None)
    _is_direct = PyContextVar_CheckExact(<PyObject*>_variable)
    _key = _ambient._telemetry_key
    _mapping_type = _ambient.Ambient
    while _mappings_count:  # they have a span's place under the old key
        _mappings_count -= 1
        Py_DECREF_(_mappings[_mappings_count])


_follow_ambient()
_ambient.follow(_follow_ambient)


cdef inline object ambient_values():
    cdef PyObject* found = NULL
    if not _is_direct:
        values = _get()
        return values if PyDict_Check(<PyObject*>values) else _nothing
    PyContextVar_Get(<PyObject*>_variable, NULL, &found)
    values = <object>found
    Py_DECREF_(found)
    return values if PyDict_Check(found) else _nothing


cdef inline PyObject* span_in(object values) noexcept:
    # Borrowed; NULL where there is none.
    cdef PyObject* found
    if PyDict_GET_SIZE(<PyObject*>values) == 0:
        return NULL
    found = PyDict_GetItemWithError(<PyObject*>values, <PyObject*>_key)
    if found == NULL:
        PyErr_Clear_()  # of another key, which had the same hash and would not be compared
    return found


cdef object mapping_with(object outer, PyObject* before, PyObject* span):
    # The values of `outer`, in which `before` is the current span, with `span` in its place.
    global _mappings_count
    cdef Py_ssize_t size = PyDict_GET_SIZE(<PyObject*>outer)
    cdef PyObject* kept
    if size > (before != NULL):
        made = new_mapping(<PyObject*>_mapping_type, <PyObject*>_no_arguments)
        PyDict_Update(<PyObject*>made, <PyObject*>outer)
    elif _mappings_count:
        _mappings_count -= 1
        kept = _mappings[_mappings_count]
        made = <object>kept
        Py_DECREF_(kept)
    else:
        made = new_mapping(<PyObject*>_mapping_type, <PyObject*>_no_arguments)
    PyDict_SetItem(<PyObject*>made, <PyObject*>_key, span)
    return made


cdef inline void keep_mapping(object made) noexcept:
    # Called when it is current no more: two references are the caller's variable and the argument's.
    global _mappings_count
    if (
        Py_REFCNT(<PyObject*>made) == 1
        and _mappings_count < MAPPINGS_KEPT
        and PyDict_GET_SIZE(<PyObject*>made) == 1
        and type(made) is _mapping_type
    ):
        PyDict_SetItem(<PyObject*>made, <PyObject*>_key, <PyObject*>None)
        Py_INCREF_(<PyObject*>made)
        _mappings[_mappings_count] = <PyObject*>made
        _mappings_count += 1


cdef inline object attach_values(object values):
    # The token of the variable.
    cdef PyObject* token
    cdef int was_running
    if not _is_direct:
        return _set(values)
    was_running = pause_collector()
    token = PyContextVar_Set(<PyObject*>_variable, <PyObject*>values)
    resume_collector(was_running)
    if token == NULL:
        raise_pending()
    made = <object>token
    Py_DECREF_(token)
    return made


cdef inline bint detach_values(object token) noexcept:
    # Tell whether that could be done here; a token of another contextvars.Context is left alone.
    cdef int failed, was_running
    if not _is_direct:
        return _ambient.detach(token)
    was_running = pause_collector()
    failed = PyContextVar_Reset(<PyObject*>_variable, <PyObject*>token)
    resume_collector(was_running)
    if failed < 0:
        PyErr_Clear_()
    return failed == 0
