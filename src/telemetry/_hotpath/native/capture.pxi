# What a call captures, read by position where the interpreter left its arguments.

cdef inline int make_room(Values* values, int count) except -1:
    values.count, values.all = 0, values.few
    if count > INLINE_VALUES:
        values.all = <PyObject**>PyMem_Calloc(count, sizeof(PyObject*))
        if values.all == NULL:
            values.all = values.few
            raise MemoryError
    elif count:
        memset(values.few, 0, count * sizeof(PyObject*))
    values.count = count
    return 0


cdef inline void drop_values(Values* values) noexcept:
    cdef int index
    for index in range(values.count):
        Py_XDECREF_(values.all[index])
    if values.all != values.few:
        PyMem_Free(values.all)
    values.count = 0


cdef int read_all(Plan plan, PyObject** values, PyObject** args, Py_ssize_t count, PyObject* keywords) except -1:
    # Capture the values of a call, as owned references. What cannot be read is None, and counted.
    cdef int index
    cdef PyObject* value
    cdef Capture* capture
    mapping = None
    for index in range(plan.captures_count):
        capture = &plan.captures[index]
        if capture.reading == BY_MAPPING:
            if mapping is None:
                mapping = mapping_of(plan, args, count, keywords)
            cleaned = None if mapping is False else _capture(<object>capture.source, mapping, plan.count)
            Py_INCREF_(<PyObject*>cleaned)
            values[index] = <PyObject*>cleaned
            continue
        value = argument(capture, args, count, keywords)
        if value == NULL:
            value = <PyObject*>None  # the call itself is wrong, and will say so
            Py_INCREF_(value)
        elif capture.reading == BY_POSITION:
            Py_INCREF_(value)
        else:
            value = read_with_care(plan, capture, value)
        values[index] = tidied(value)
    return 0


cdef inline PyObject* argument(Capture* capture, PyObject** args, Py_ssize_t count, PyObject* keywords) noexcept:
    # Borrowed; NULL where the call lacks it.
    cdef Py_ssize_t index, named
    if 0 <= capture.position < count:
        return args[capture.position]
    if keywords != NULL:
        named = PyTuple_GET_SIZE_(keywords)
        for index in range(named):
            if PyTuple_GET_ITEM_(keywords, index) == capture.name:
                return args[count + index]
        for index in range(named):
            if PyUnicode_Compare_(PyTuple_GET_ITEM_(keywords, index), capture.name) == 0:
                return args[count + index]
    return capture.fallback


cdef PyObject* read_with_care(Plan plan, Capture* capture, PyObject* root) except NULL:
    # Follow a path at full speed; what turns out otherwise, such as a mapping, is read again with care.
    cdef Py_ssize_t index
    cdef PyObject* value
    cdef PyObject* found
    if capture.reading == BY_PATH:
        value = root
        Py_INCREF_(value)
        for index in range(PyTuple_GET_SIZE_(capture.path)):
            found = PyObject_GetAttr_(value, PyTuple_GET_ITEM_(capture.path, index))
            Py_DECREF_(value)
            value = found
            if value == NULL:
                break
        if value != NULL and (PyUnicode_CheckExact_(value) or not PyCallable_Check_(value)):
            return value
        if value == NULL and not may_read_again(plan, capture):
            Py_INCREF_(<PyObject*>None)
            return <PyObject*>None
        Py_XDECREF_(value)
    cleaned = _capture(<object>capture.source, {<object>capture.name: <object>root}, plan.count)
    Py_INCREF_(<PyObject*>cleaned)
    return <PyObject*>cleaned


cdef bint may_read_again(Plan plan, Capture* capture) except *:
    # After a failure: an attribute that is missing may be a key; what the user's own code raised is counted.
    try:
        raise_pending()
    except AttributeError:
        return True
    except Exception as error:
        _missed(<object>capture.source, error, plan.count)
        return False


cdef inline PyObject* tidied(PyObject* value) except NULL:
    # Turn a value into what an attribute may hold; takes the reference over and gives one.
    cdef int overflow = 0
    if PyUnicode_CheckExact_(value) or value == <PyObject*>None or PyBool_Check_(value) or PyFloat_CheckExact_(value):
        return value
    if PyLong_CheckExact_(value):
        PyLong_AsLongLongAndOverflow_(value, &overflow)
        if not overflow:
            return value
    cleaned = _clean(<object>value)
    Py_DECREF_(value)
    Py_INCREF_(<PyObject*>cleaned)
    return <PyObject*>cleaned


cdef object mapping_of(Plan plan, PyObject** args, Py_ssize_t count, PyObject* keywords):
    # All arguments by name, defaults applied; False for a call that the function will refuse.
    cdef Py_ssize_t index
    named = {}
    if keywords != NULL:
        for index in range(PyTuple_GET_SIZE_(keywords)):
            named[<object>PyTuple_GET_ITEM_(keywords, index)] = <object>args[count + index]
    try:
        return plan.arguments(*[<object>args[index] for index in range(count)], **named)
    except TypeError:
        return False
