# Coroutines and generators that are recorded: each of their steps is passed on, and the first and the last have a part.
#
# A coroutine has its span as context from its first step to its last. A generator has it during each step only, so that
# its consumer never sees it, and the time while it is suspended is not counted as its own.

from _collections_abc import Coroutine as _AbstractCoroutine, Generator as _AbstractGenerator

from telemetry._hotpath.form import form as _form

cdef extern from "Python.h":
    ctypedef enum PySendResult:
        PYGEN_RETURN
        PYGEN_ERROR
        PYGEN_NEXT
    ctypedef PySendResult (*sendfunc)(PyObject*, PyObject*, PyObject**) noexcept
    ctypedef PyObject* (*PyCFunction)(PyObject*, PyObject*) noexcept
    PySendResult PyIter_Send(PyObject* iterator, PyObject* value, PyObject** result) noexcept
    PyObject* PyObject_Call(PyObject* called, PyObject* args, PyObject* keywords) noexcept
    PyObject* PyObject_GetAttrString(PyObject* owner, const char* name) noexcept
    int PyErr_ExceptionMatches(PyObject* kind) noexcept
    PyObject* PyErr_Occurred_ "PyErr_Occurred"() noexcept
    void PyErr_SetNone_ "PyErr_SetNone"(PyObject* kind) noexcept
    int METH_O_ "METH_O"
    int METH_VARARGS_ "METH_VARARGS"
    int METH_NOARGS_ "METH_NOARGS"

cdef extern from "native/slots.h":
    ctypedef PyObject* (*iternextfunc)(PyObject*) noexcept
    void install_steps(PyObject* type, sendfunc send, iternextfunc next) noexcept
    int install_method(PyObject* type, const char* name, PyCFunction function, int flags) except -1

cdef enum Progress:
    WAITING  # nothing has run
    BEGUN  # its span has begun, and is not the current one yet
    GOING
    OVER


cdef class Steps:
    """What a recorded coroutine and a recorded generator have in common."""

    cdef object __weakref__
    cdef object inner  # the coroutine or generator of the user's function
    cdef Plan plan
    cdef Span span
    cdef object token
    cdef object mapping  # the ambient values in which the span is the current one
    cdef Progress progress
    cdef bint is_running, is_generator
    cdef uint64_t running_ticks, first_tick

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def __repr__(self):
        return repr(self.inner)

    def __del__(self):
        if self.progress == GOING:
            self.close()

    def close(self):
        """Stand for the method that is installed below."""

    cdef int enter(self) except -1:
        # Make the span the current one; at the first step begin it.
        if self.progress == WAITING:
            begin_step(self)
        elif self.progress == BEGUN and self.plan.has_name:
            self.mapping = below(self.span)
        if self.mapping is not None:
            self.token = attach_values(self.mapping)
        self.progress = GOING
        return 0

    cdef void leave(self) noexcept:
        token, self.token = self.token, None
        if token is not None and not detach_values(token):
            stop_being_current(self.span, token)

    cdef void suspend(self) noexcept:
        # A generator keeps its context for the next step: it may have opened spans of its own.
        try:
            self.mapping = ambient_values() if self.token is not None else None
        except BaseException as error:
            gone_wrong(self.plan, error)
        self.leave()

    cdef int64_t elapsed(self) noexcept:
        return monotonic_ns() - self.span.begun_at

    cdef int64_t duration(self, int64_t elapsed) noexcept:
        # The time that its metrics observe. Ticks become nanoseconds by the ones that this very span took.
        cdef uint64_t all_ticks
        if not self.is_generator:
            return elapsed
        all_ticks = ticks() - self.first_tick
        self.span.running = elapsed
        if self.running_ticks < all_ticks:
            self.span.running = <int64_t>(<double>self.running_ticks / <double>all_ticks * <double>elapsed)
        return self.span.running

    cdef void returned(self, PyObject* result) noexcept:
        cdef int64_t elapsed = self.elapsed()
        cdef int64_t duration = self.duration(elapsed)
        self.progress = OVER
        self.leave()
        close_returned(self.plan, self.span, elapsed, duration, result)

    cdef void failed(self) noexcept:
        # With the exception that is set.
        cdef int64_t elapsed = self.elapsed()
        cdef int64_t duration = self.duration(elapsed)
        cdef PyObject* kind = NULL
        cdef PyObject* error = NULL
        cdef PyObject* traceback = NULL
        self.progress = OVER
        PyErr_Fetch_(&kind, &error, &traceback)
        self.leave()
        PyErr_Restore_(kind, error, traceback)
        if self.is_generator and PyErr_ExceptionMatches(<PyObject*>GeneratorExit):
            close_early(self.plan, self.span, elapsed, duration)
        else:
            close_interrupted(self.plan, self.span, elapsed, duration)


@cython.final
cdef class RecordedCoroutine(Steps):
    """The coroutine of a recorded function."""

    def __await__(self):
        return self

    def __next__(self):
        """Stand for the slot that is installed below."""


@cython.final
cdef class RecordedGenerator(Steps):
    """The generator of a recorded function."""

    def __iter__(self):
        return self

    def __await__(self):
        """Give what awaits a generator that `types.coroutine` has marked."""
        return self

    def __next__(self):
        """Stand for the slot that is installed below."""


cdef int begin_step(Steps self) except -1:
    cdef PyObject* found
    if not self.plan.has_name:
        self.span.begun_at = monotonic_ns()
    else:
        outer = ambient_values()
        found = span_in(outer)
        inherit(self.span, found)
        if not self.is_generator or self.plan.is_resumed:
            self.mapping = mapping_with(outer, found, <PyObject*>self.span)
        announce(self.plan, self.span, outer)
    self.first_tick = ticks()
    return 0


cdef object below(Span span):
    outer = ambient_values()
    return mapping_with(outer, span_in(outer), <PyObject*>span)


cdef PySendResult step(PyObject* called, PyObject* value, PyObject** result) noexcept:
    cdef Steps self = <Steps>called
    cdef PySendResult sent
    if self.is_running or self.progress == OVER or (self.progress <= BEGUN and value != <PyObject*>None):
        return PyIter_Send(<PyObject*>self.inner, value, result)  # which refuses
    before_step(self)
    sent = PyIter_Send(<PyObject*>self.inner, value, result)
    after_step(self, sent, result[0])
    return sent


cdef inline void before_step(Steps self) noexcept:
    if self.is_generator or self.progress != GOING:
        try:
            self.enter()
        except BaseException as error:
            gone_wrong(self.plan, error)
            self.progress = GOING
    self.is_running = True
    if self.is_generator:
        self.running_ticks -= ticks()


cdef inline void after_step(Steps self, PySendResult sent, PyObject* result) noexcept:
    if self.is_generator:
        self.running_ticks += ticks()
    self.is_running = False
    if sent == PYGEN_RETURN:
        self.returned(result)
    elif sent == PYGEN_ERROR:
        self.failed()
    elif self.is_generator:
        self.suspend()


cdef PyObject* told(PySendResult sent, PyObject* result) noexcept:
    # What `next` and `send` give: a value, or StopIteration with what was returned.
    if sent != PYGEN_RETURN:
        return result
    if result == <PyObject*>None:
        Py_DECREF_(result)
        PyErr_SetNone_(<PyObject*>StopIteration)
        return NULL
    try:
        stop = StopIteration(<object>result)
    except BaseException as error:
        Py_DECREF_(result)
        return raised(error)
    Py_DECREF_(result)
    return raised(stop)


cdef PyObject* step_next(PyObject* called) noexcept:
    cdef PyObject* result = NULL
    cdef PySendResult sent = step(called, <PyObject*>None, &result)
    return told(sent, result)


cdef PyObject* step_send(PyObject* called, PyObject* value) noexcept:
    cdef PyObject* result = NULL
    cdef PySendResult sent = step(called, value, &result)
    return told(sent, result)


cdef PyObject* step_throw(PyObject* called, PyObject* args) noexcept:
    return pass_on(<Steps>called, b"throw", args)


cdef PyObject* step_close(PyObject* called, PyObject* _) noexcept:
    cdef Steps self = <Steps>called
    cdef PyObject* result
    if self.progress == GOING and not self.is_running:
        result = pass_on(self, b"close", <PyObject*>_no_arguments)
        if result != NULL and self.progress == GOING:
            close_from_outside(self)
        return result
    if not self.is_running:
        self.progress = OVER
    return pass_on(self, b"close", <PyObject*>_no_arguments)


cdef PyObject* pass_on(Steps self, const char* name, PyObject* args) noexcept:
    # Call a method of the inner one as a step of its own.
    cdef PyObject* method = PyObject_GetAttrString(<PyObject*>self.inner, name)
    cdef PyObject* result
    cdef bint counts = self.progress == GOING and not self.is_running
    if method == NULL:
        return NULL
    if not counts and not self.is_running:
        self.progress = OVER
    if counts:
        before_step(self)
    result = PyObject_Call(method, args, NULL)
    Py_DECREF_(method)
    if counts:
        if result == NULL and PyErr_ExceptionMatches(<PyObject*>StopIteration):
            after_stop(self)
        else:
            after_step(self, PYGEN_ERROR if result == NULL and has_ended(self) else PYGEN_NEXT, result)
    return result


cdef bint has_ended(Steps self) noexcept:
    # Whether the exception that is set ended the inner one; it may have refused what it was given, or to be closed.
    cdef PyObject* kind = NULL
    cdef PyObject* error = NULL
    cdef PyObject* traceback = NULL
    cdef bint ended = True
    PyErr_Fetch_(&kind, &error, &traceback)
    try:
        ended = getattr(self.inner, "gi_frame" if self.is_generator else "cr_frame", None) is None
    except BaseException as problem:
        gone_wrong(self.plan, problem)
    PyErr_Restore_(kind, error, traceback)
    return ended


cdef void after_stop(Steps self) noexcept:
    # A StopIteration is set: the inner one returned.
    cdef PyObject* kind = NULL
    cdef PyObject* error = NULL
    cdef PyObject* traceback = NULL
    PyErr_Fetch_(&kind, &error, &traceback)
    PyErr_NormalizeException_(&kind, &error, &traceback)
    value = getattr(<object>error, "value", None)
    after_step(self, PYGEN_RETURN, <PyObject*>value)
    PyErr_Restore_(kind, error, traceback)


cdef void close_from_outside(Steps self) noexcept:
    # It was closed while it was suspended, and took it.
    closed = GeneratorExit()
    raised(closed)
    self.failed()
    PyErr_Clear_()


cdef PyObject* call_deferred(PyObject* called, PyObject** args, size_t flags, PyObject* keywords) noexcept:
    # A function whose call only makes a coroutine or generator; values are captured at the call all the same.
    cdef Plan plan = (<DropIn>called).plan
    cdef PyObject* function = function_of(called)
    cdef PyObject* made
    cdef Steps steps
    Py_INCREF_(function)
    made = PyObject_Vectorcall_(function, args, flags, keywords)
    Py_DECREF_(function)
    if made == NULL:
        return NULL
    try:
        steps = RecordedGenerator.__new__(RecordedGenerator) if plan.is_generator else (
            RecordedCoroutine.__new__(RecordedCoroutine)
        )
        steps.span = new_span(plan, plan.captures_count)
        read_all(plan, steps.span.captured, args, PyVectorcall_NARGS(flags), keywords)
    except BaseException as error:
        gone_wrong(plan, error)
        return made
    steps.plan, steps.inner, steps.is_generator = plan, <object>made, plan.is_generator
    Py_DECREF_(made)
    Py_INCREF_(<PyObject*>steps)
    return <PyObject*>steps


cdef followed(Plan plan, Span span, coroutine):
    cdef RecordedCoroutine steps = RecordedCoroutine.__new__(RecordedCoroutine)
    steps.plan, steps.span, steps.inner, steps.progress = plan, span, coroutine, BEGUN
    return steps


def wrap(function, site):
    """Make the recording twin of a function; it takes exactly the same arguments."""
    cdef Recorded made
    kind = _form(function)
    if kind == "async generator":
        from telemetry._hotpath.pure import wrap_purely  # which few programs need

        return wrap_purely(function, site)
    made = Recorded.__new__(Recorded)
    made._telemetry_target = function
    made.plan = site.plan = Plan(site, function)
    made.plan.is_generator = kind == "generator"
    if kind != "function":
        made.route = call_deferred
    else:
        made.route = call_recorded if site.name else call_measured
    made.vectorcall = made.route
    return made


for _kind in (RecordedCoroutine, RecordedGenerator):
    install_steps(<PyObject*>_kind, step, step_next)
    install_method(<PyObject*>_kind, b"send", step_send, METH_O_)
    install_method(<PyObject*>_kind, b"throw", step_throw, METH_VARARGS_)
    install_method(<PyObject*>_kind, b"close", step_close, METH_NOARGS_)
_AbstractCoroutine.register(RecordedCoroutine)
_AbstractGenerator.register(RecordedGenerator)
