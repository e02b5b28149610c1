# How an exception ends a span: the twin of `failure.py`.
#
# No frame and no exception object is kept. Lines of tracebacks, names of classes and messages that were seen before are
# found as text that is ready to be written; what is out of the ordinary goes the way of the pure twin.

from telemetry._hotpath.failure import (
    TEXT_LIMIT as _TEXT_LIMIT,
    is_ours as _is_ours,
    line_of as _line_of,
    outcome as _outcome,
    type_name as _type_name,
)

cdef extern from "native/slots.h":
    int lookup_attribute(PyObject* owner, PyObject* name, PyObject** found) noexcept

cdef extern from *:
    """
    #include <frameobject.h>

    static inline PyObject *
    next_step(PyObject *traceback)
    {
        return (PyObject *)((PyTracebackObject *)traceback)->tb_next;
    }

    static inline int
    instruction_of(PyObject *traceback)
    {
        return ((PyTracebackObject *)traceback)->tb_lasti;
    }

    static inline PyObject *
    code_of(PyObject *traceback)
    {
        return (PyObject *)PyFrame_GetCode(((PyTracebackObject *)traceback)->tb_frame);
    }
    """
    PyObject* next_step(PyObject* traceback) noexcept
    int instruction_of(PyObject* traceback) noexcept
    PyObject* code_of(PyObject* traceback) noexcept  # a new reference

cdef extern from "Python.h":
    int PyErr_GivenExceptionMatches(PyObject* error, PyObject* kind) noexcept
    PyObject* PyException_GetTraceback(PyObject* error) noexcept
    const char* PyUnicode_AsUTF8AndSize(PyObject* text, Py_ssize_t* size) except NULL
    int PyUnicode_IS_ASCII(PyObject* text) noexcept

cdef enum:
    LINES_KEPT = 1024  # a power of two
    STACK_BYTES = 12 * 1024  # of a longer one the pure twin cuts the text

cdef struct Line:
    PyObject* code  # owned
    int instruction
    bint is_ours
    PyObject* text  # UTF-8; NULL for a frame of ours

cdef Line _lines_kept[LINES_KEPT]
cdef dict _type_names = {}
cdef bytes _stack_head = b"Traceback (most recent call last):\n"
cdef object _code_name = "code"

cdef struct Origin:
    void* error  # to be compared only
    PyObject* code  # owned
    int instruction


cdef Line* line_at(PyObject* step) except NULL:
    # The text of one step of a traceback; a line that stood in its place is forgotten.
    cdef PyObject* code = code_of(step)
    cdef int instruction = instruction_of(step)
    cdef Line* line = &_lines_kept[((<size_t>code >> 4) ^ <size_t>instruction * 31) & LINES_KEPT - 1]
    if line.code == code and line.instruction == instruction:
        Py_DECREF_(code)
        return line
    try:
        ours = _is_ours(<object>code)
        text = b"" if ours else _protobuf.utf8(_line_of(<object>code, (<object>step).tb_lineno))
    except BaseException:
        Py_DECREF_(code)
        raise
    cdef Line before = line[0]
    Py_INCREF_(<PyObject*>text)
    line.code, line.instruction, line.is_ours, line.text = code, instruction, ours, <PyObject*>text
    Py_XDECREF_(before.text)
    Py_XDECREF_(before.code)  # last, as a weak reference to it may call anything
    return line


cdef object fail(Span span, error):
    # Note how `error` ended a span, and tell its parent; give the outcome.
    cdef Origin raised_at = Origin(<void*>error, NULL, 0)
    if not PyErr_GivenExceptionMatches(<PyObject*>error, <PyObject*>Exception) or span.elapsed >= 0:
        return _fail(span, error)
    if not span.plan.is_plain or span.spilled is not None or span.more is not None or span.failure_fields is not None:
        return _fail(span, error)
    if names_failure(span):
        return _fail(span, error)
    if not span.flags & SAMPLED:
        return "failure" if undecided_trace(span) is None else _fail(span, error)
    try:
        if not note(span, error, &raised_at):
            return _fail(span, error)
        if type(span.above) is Span:
            mark(<Span>span.above, &raised_at)
    finally:
        Py_XDECREF_(raised_at.code)
    return "failure"


cdef int mark(Span parent, Origin* raised_at) except -1:
    # Say in a parent that a child has recorded this.
    cdef PyObject* before = parent.mark_code
    if parent.more is not None:
        code = None if raised_at.code == NULL else <object>raised_at.code
        parent.more.mark = (<size_t>raised_at.error, code, raised_at.instruction)
        return 0
    Py_XINCREF_(raised_at.code)
    parent.mark_error, parent.mark_code = raised_at.error, raised_at.code
    parent.mark_instruction = raised_at.instruction
    Py_XDECREF_(before)
    return 0


cdef bint names_failure(Span span) except *:
    # Whether the user has set what an exception sets, which then counts.
    cdef int index
    for index in range(span.late_count):
        if <object>span.late_names[index] in ("error.type", "error.code"):
            return True
    return False


cdef bint note(Span span, error, Origin* raised_at) except *:
    # Prepare the event and the attributes of the end; False where the pure twin has to.
    cdef PyObject* texts[100]
    cdef int count = 0
    cdef size_t size = 0
    cdef PyObject* step = PyException_GetTraceback(<PyObject*>error)
    cdef PyObject* passed
    cdef PyObject* code = NULL
    cdef Line* line
    cdef bint fits
    if step == <PyObject*>None:  # as `with_traceback(None)` leaves it in CPython 3.11
        Py_DECREF_(step)
        step = NULL
    try:
        while step != NULL:
            line = line_at(step)
            if not line.is_ours:
                if count == 100:
                    break
                texts[count] = line.text
                Py_INCREF_(line.text)
                count += 1
                size += PyBytes_GET_SIZE(line.text)
                code, raised_at.instruction = line.code, line.instruction
            passed, step = step, next_step(step)
            Py_XINCREF_(step)
            Py_DECREF_(passed)
        fits = step == NULL and size <= STACK_BYTES
        Py_XINCREF_(code)
        raised_at.code = code
        if fits and not name_failure(span, error):
            fits = False
        if fits and not (
            span.mark_error == raised_at.error
            and span.mark_code == raised_at.code
            and span.mark_instruction == raised_at.instruction
        ):
            fits = write_event(span, error, texts, count, size)
    finally:
        Py_XDECREF_(step)
        drop_parts(texts, count)
    if not fits:
        span.failure = span.failure_fields = None
    return fits


cdef bint name_failure(Span span, error) except *:
    # The attributes `error.type` and `error.code`.
    cdef Plan plan = span.plan
    cdef PyObject* code = NULL
    cdef bytes fields
    if plan.failure_room < 0 or lookup_attribute(<PyObject*>error, <PyObject*>_code_name, &code) < 0:
        PyErr_Clear_()
        return False
    name = names_of(error)[0]
    fields = plan.error_type.write(<PyObject*>name)
    if code != NULL and isinstance(<object>code, str):
        given = _text(<object>code)
        fields += plan.error_code.write(<PyObject*>given) or plan.default_code
    else:
        fields += plan.default_code
    Py_XDECREF_(code)
    span.failure_fields = fields
    return True


cdef tuple names_of(error):
    # The qualified name of its class, as text and as UTF-8.
    kind = type(error)
    if type(kind) is not type:  # its hash may be the user's code
        name = _type_name(error)
        return (name, _protobuf.utf8(name))
    names = _type_names.get(kind)
    if names is None:
        if len(_type_names) >= COMBINATIONS_LIMIT:
            _type_names.clear()
        name = _type_name(error)
        names = _type_names[kind] = (name, _protobuf.utf8(name))
    return <tuple>names


cdef str message_of(error):
    try:
        message = str.__str__(str(error))  # a subclass's own `[:]` is the user's code
    except Exception:  # it is the user's code
        message = _text(error)
    return message[:_TEXT_LIMIT]


cdef bint write_event(Span span, error, PyObject** texts, int count, size_t size) except *:
    cdef Plan plan = span.plan
    cdef bytes clean_message, clean_name
    cdef size_t stack, content
    cdef int index
    cdef unsigned char* at
    clean_message = plan.message_of(message_of(error))
    clean_name = <bytes>names_of(error)[1]
    if clean_message is None:
        return False
    stack = size + len(clean_name) + 1 + (2 + len(clean_message) if clean_message else 0)
    if count:
        stack += len(_stack_head)
    content = message_size(9)
    content += text_attribute_size(14, len(clean_name)) + text_attribute_size(17, len(clean_message))
    content += text_attribute_size(20, stack)
    cdef bytes event = PyBytes_FromStringAndSize(NULL, content)
    at = <unsigned char*>PyBytes_AS_STRING(<PyObject*>event)
    at = put_message(at, 0x12, b"exception", 9)
    at = put_text_attribute(at, 0x1A, b"exception.type", 14, PyBytes_AS_STRING(<PyObject*>clean_name), len(clean_name))
    at = put_text_attribute(
        at, 0x1A, b"exception.message", 17, PyBytes_AS_STRING(<PyObject*>clean_message), len(clean_message)
    )
    at[0] = 0x1A
    at = put_varint(at + 1, message_size(20) + message_size(message_size(stack)))
    at = put_message(at, 0x0A, b"exception.stacktrace", 20)
    at[0] = 0x12
    at = put_varint(at + 1, message_size(stack))
    at[0] = 0x0A
    at = put_varint(at + 1, stack)
    if count:
        at = put_whole(at, <PyObject*>_stack_head)
    for index in range(count):
        at = put_whole(at, texts[index])
    at = put_whole(at, <PyObject*>clean_name)
    if clean_message:
        at = put_bytes(at, b": ", 2)
        at = put_whole(at, <PyObject*>clean_message)
    at[0] = 10
    span.failure = event
    return True
