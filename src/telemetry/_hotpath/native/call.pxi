# The compiled wrapper: a decorated function's place is taken by an object whose vectorcall slot leads straight here.
#
# No tuple, dict or frame is made on the way. Whatever goes wrong in recording is counted; the call goes on as it would.

from cpython.exc cimport PyErr_SetInterrupt

from telemetry._hotpath import drive as _drive

cdef extern from "native/slots.h":
    void install_vectorcall(PyObject* type, Py_ssize_t offset) noexcept

cdef extern from "Python.h":
    ctypedef PyObject* (*vectorcallfunc)(PyObject*, PyObject**, size_t, PyObject*) noexcept
    PyObject* PyObject_Vectorcall_ "PyObject_Vectorcall"(PyObject*, PyObject**, size_t, PyObject*) noexcept
    Py_ssize_t PyVectorcall_NARGS(size_t flags) noexcept
    void PyErr_Fetch_ "PyErr_Fetch"(PyObject** kind, PyObject** error, PyObject** traceback) noexcept
    void PyErr_Restore_ "PyErr_Restore"(PyObject* kind, PyObject* error, PyObject* traceback) noexcept
    void PyErr_NormalizeException_ "PyErr_NormalizeException"(PyObject**, PyObject**, PyObject**) noexcept
    void PyErr_SetObject(PyObject* kind, PyObject* error) noexcept
    int PyException_SetTraceback_ "PyException_SetTraceback"(PyObject* error, PyObject* traceback) noexcept
    int Py_EnterRecursiveCall(const char* where) noexcept
    void Py_LeaveRecursiveCall() noexcept
    int PyCoro_CheckExact(PyObject* candidate) noexcept
    int PyFunction_Check(PyObject* candidate) noexcept
    int PyMethod_Check(PyObject* candidate) noexcept


cdef class DropIn:
    """Takes a callable's place: calling it calls what it is routed to."""

    cdef vectorcallfunc vectorcall
    cdef readonly object _telemetry_target
    cdef Plan plan

    def __cinit__(self):
        self.vectorcall = call_through

    def __call__(self, *args, **kwargs):
        """Call what it is routed to."""
        return self._telemetry_target(*args, **kwargs)

    def _telemetry_route(self, target):
        """Call `target` from the next call on; a recording twin is called without a step in between."""
        self._telemetry_target = target
        if type(target) is Recorded:
            self.plan = (<Recorded>target).plan
            self.vectorcall = (<Recorded>target).route
        else:
            self.plan = None
            self.vectorcall = call_through


cdef PyObject* call_through(PyObject* called, PyObject** args, size_t flags, PyObject* keywords) noexcept:
    return PyObject_Vectorcall_(<PyObject*>(<DropIn>called)._telemetry_target, args, flags, keywords)


@cython.final
cdef class Recorded(DropIn):
    """The recording twin of a function. `DropIn`s that are routed to it share its plan and function."""

    cdef vectorcallfunc route

    def __call__(self, *args, **kwargs):
        """Call the function, recorded."""


def callable_type(kind):
    """Make instances of a subclass of `DropIn` as fast to call as functions are; give the class."""
    cdef DropIn example = DropIn.__new__(DropIn)
    install_vectorcall(<PyObject*>kind, <char*>&example.vectorcall - <char*><PyObject*>example)
    return kind


callable_type(DropIn)
callable_type(Recorded)


cdef inline PyObject* function_of(PyObject* called) noexcept:
    # What is recorded: of a drop-in, what its recording twin calls.
    target = (<DropIn>called)._telemetry_target
    if type(target) is Recorded:
        return <PyObject*>(<Recorded>target)._telemetry_target
    return <PyObject*>target


cdef PyObject* call_recorded(PyObject* called, PyObject** args, size_t flags, PyObject* keywords) noexcept:
    # A span, and the metrics of the site.
    cdef Plan plan = (<DropIn>called).plan
    cdef PyObject* function = function_of(called)
    cdef PyObject* found
    cdef PyObject* result
    cdef Span span = None
    cdef int64_t elapsed
    cdef bint has_span = True
    if Py_EnterRecursiveCall(b" while calling a recorded function"):
        return NULL
    Py_INCREF_(function)
    outer = inner = kept = None
    try:
        outer = ambient_values()
        found = span_in(outer)
        has_span = not is_unsampled(plan, found)
        if has_span:
            span = new_span(plan, plan.captures_count)
            read_all(plan, span.captured, args, PyVectorcall_NARGS(flags), keywords)
            inherit(span, found)
            if plan.is_watched:
                announce(plan, span, outer)
            inner = mapping_with(outer, found, <PyObject*>span)
            kept = attach_values(inner)
    except BaseException as error:
        gone_wrong(plan, error)
        if inner is not None:
            put_back(span, outer)
    if not has_span or kept is None:  # said outside of `except`, so that what is raised has nothing of ours as context
        if has_span:
            result = PyObject_Vectorcall_(function, args, flags, keywords)
        else:
            result = call_timed(plan, outer, function, args, flags, keywords)
        Py_DECREF_(function)
        Py_LeaveRecursiveCall()
        return result
    if not plan.is_watched:
        announce(plan, span, outer)
    result = PyObject_Vectorcall_(function, args, flags, keywords)
    elapsed = monotonic_ns() - span.begun_at
    if result == NULL:
        close_failed(plan, span, kept, inner, elapsed, function)
    elif PyCoro_CheckExact(result):
        result = follow(plan, span, kept, result)
    else:
        if not detach_values(kept):
            stop_being_current(span, kept)
        kept = None
        keep_mapping(inner)
        close_returned(plan, span, elapsed, elapsed, result)
    Py_DECREF_(function)
    Py_LeaveRecursiveCall()
    return result


cdef inline bint is_unsampled(Plan plan, PyObject* found) noexcept:
    # Whether the current span is one of ours whose trace is not sampled: then it stands for its children too.
    if found == NULL or type(<object>found) is not Span or plan.is_watched:
        return False
    return not ((<Span>found).flags & SAMPLED) and undecided_trace(<Span>found) is None


cdef PyObject* call_measured(PyObject* called, PyObject** args, size_t flags, PyObject* keywords) noexcept:
    # Metrics only: nothing is put into the context.
    cdef Plan plan = (<DropIn>called).plan
    cdef PyObject* function = function_of(called)
    cdef PyObject* result
    if Py_EnterRecursiveCall(b" while calling a recorded function"):
        return NULL
    Py_INCREF_(function)
    result = call_timed(plan, None, function, args, flags, keywords)
    Py_DECREF_(function)
    Py_LeaveRecursiveCall()
    return result


cdef PyObject* call_timed(
    Plan plan, object outer, PyObject* function, PyObject** args, size_t flags, PyObject* keywords
) noexcept:
    # The metrics of a call that has no span of its own; `outer` is what is around one whose trace is not sampled.
    cdef PyObject* result
    cdef Values values
    cdef int64_t begun
    values.count, values.all = 0, values.few
    try:
        make_room(&values, plan.captures_count)
        read_all(plan, values.all, args, PyVectorcall_NARGS(flags), keywords)
    except BaseException as error:
        gone_wrong(plan, error)
        drop_values(&values)
        values.count = -1
    if values.count < 0:
        return PyObject_Vectorcall_(function, args, flags, keywords)
    begun = monotonic_ns()
    result = PyObject_Vectorcall_(function, args, flags, keywords)
    if result != NULL and PyCoro_CheckExact(result):
        result = follow_timed(plan, &values, outer, begun, result)
    else:
        close_timed(plan, &values, monotonic_ns() - begun, result, function)
    drop_values(&values)
    return result


cdef void close_timed(Plan plan, Values* values, int64_t elapsed, PyObject* result, PyObject* function) noexcept:
    if plan.has_name:
        plan.ring.counts[SAMPLED_OUT] += 1
    if result == NULL:
        fail_metrics(plan, values, elapsed, function)
    elif plan.metrics_count or plan.succeed is not None:
        try:
            measure(plan, plan.combination(values.all), elapsed, result)
        except BaseException as error:
            gone_wrong(plan, error)


cdef inline int measure(Plan plan, Combination combination, int64_t elapsed, PyObject* result) except -1:
    plan.record(combination, elapsed)
    if plan.succeed is not None:
        plan.succeed(combination.labels, elapsed, <object>result)
    return 0


cdef inline Combination combination_of(Span span):
    if span.combination is None:
        span.combination = span.plan.combination(span.captured)
    return span.combination


cdef void close_returned(Plan plan, Span span, int64_t elapsed, int64_t duration, PyObject* result) noexcept:
    # `duration` is what metrics observe: of a generator, only the time that it ran.
    try:
        if plan.metrics_count or plan.succeed is not None:
            measure(plan, combination_of(span), duration, result)
        if plan.has_name:
            if plan.results:
                _drive.results_of(plan.site, span, <object>result)
            finish(span, elapsed)
    except BaseException as error:
        gone_wrong(plan, error)


cdef void close_failed(Plan plan, Span span, object token, object inner, int64_t elapsed, PyObject* function) noexcept:
    # The exception is taken off its place while this runs, and put back as it was.
    cdef PyObject* kind = NULL
    cdef PyObject* error = NULL
    cdef PyObject* traceback = NULL
    PyErr_Fetch_(&kind, &error, &traceback)
    if not detach_values(token):
        stop_being_current(span, token)
    if not was_never_made(kind, traceback, function):
        PyErr_NormalizeException_(&kind, &error, &traceback)
        if traceback != NULL:
            PyException_SetTraceback_(error, traceback)
        try:
            end_failed(plan, span, elapsed, elapsed, <object>error)
        except BaseException as problem:
            gone_wrong(plan, problem)
    PyErr_Restore_(kind, error, traceback)


cdef int end_failed(Plan plan, Span span, int64_t elapsed, int64_t duration, error) except -1:
    result = told_failure(span, error) if plan.has_name else _outcome(error)
    if plan.fail is not None:
        plan.fail(combination_of(span).labels, duration, error, result)
    if plan.has_name:
        finish(span, elapsed)
    return 0


cdef object told_failure(Span span, error):
    # Note how `error` ended a span; of one whose own code raises, only that it did.
    try:
        return fail(span, error)
    except BaseException as problem:
        gone_wrong(span.plan, problem)
    span.details().set_status("error", None)
    return _outcome(error)


cdef void fail_metrics(Plan plan, Values* values, int64_t elapsed, PyObject* function) noexcept:
    cdef PyObject* kind = NULL
    cdef PyObject* error = NULL
    cdef PyObject* traceback = NULL
    PyErr_Fetch_(&kind, &error, &traceback)
    if plan.fail is not None and not was_never_made(kind, traceback, function):
        PyErr_NormalizeException_(&kind, &error, &traceback)
        try:
            labels = plan.combination(values.all).labels
            plan.fail(labels, elapsed, <object>error, _outcome(<object>error))
        except BaseException as problem:
            gone_wrong(plan, problem)
    PyErr_Restore_(kind, error, traceback)


cdef inline bint was_never_made(PyObject* kind, PyObject* traceback, PyObject* function) noexcept:
    # Arguments that the function does not take: the interpreter refused them before its first line.
    return (
        traceback == NULL
        and kind == <PyObject*>TypeError
        and (PyFunction_Check(function) or PyMethod_Check(function) or isinstance(<object>function, DropIn))
    )


cdef void put_back(Span span, object outer) noexcept:
    # After it could not become the current span: short of memory, CPython 3.11 raises, and sets the variable all the same.
    try:
        _drive.leave(span, None, outer)
    except BaseException as error:
        gone_wrong(span.plan, error)


cdef void stop_being_current(Span span, object token) noexcept:
    try:
        _drive.leave(span, None, getattr(token, "old_value", None))
    except BaseException as error:
        gone_wrong(span.plan, error)


cdef inline void announce(Plan plan, Span span, object outer) noexcept:
    # Take the time of the start and let it be known; who watches must not find the span among the ambient values yet.
    start(span)
    try:
        if plan.is_watched:
            plan.site.watch.started(span, outer)
        show_open(span)
    except BaseException as error:
        gone_wrong(plan, error)


cdef PyObject* follow(Plan plan, Span span, object token, PyObject* coroutine) noexcept:
    # A plain function returned a coroutine: its end is the end of the call.
    if token is not None and not detach_values(token):
        stop_being_current(span, token)
    try:
        following = followed(plan, span, <object>coroutine)
    except BaseException as error:
        gone_wrong(plan, error)
        return coroutine
    Py_DECREF_(coroutine)
    Py_INCREF_(<PyObject*>following)
    return <PyObject*>following


cdef PyObject* follow_timed(
    Plan plan, Values* values, object outer, int64_t begun, PyObject* coroutine
) noexcept:
    # The same for a call that has no span of its own: what it captured goes with the coroutine, and one that is not
    # sampled stays its context, as others may want it recorded.
    cdef Span span
    cdef int index
    try:
        span = new_span(plan, values.count)
        for index in range(values.count):
            span.captured[index], values.all[index] = values.all[index], NULL
        if outer is not None:
            inherit(span, span_in(outer))
        span.begun_at = begun
    except BaseException as error:
        gone_wrong(plan, error)
        return coroutine
    return follow(plan, span, None, coroutine)


cdef void gone_wrong(Plan plan, error) noexcept:
    # Recording failed; a person who interrupts is heard a moment later.
    if isinstance(error, KeyboardInterrupt):
        PyErr_SetInterrupt()
        return
    try:
        plan.count("recording_failed", f"{type(error).__name__} in {plan.site.name or 'a site without a span'}")
    except KeyboardInterrupt:
        PyErr_SetInterrupt()
    except BaseException:
        pass


cdef PyObject* raised(error) noexcept:
    # Set an exception, for a function that tells of it by NULL.
    kind = type(error)
    PyErr_SetObject(<PyObject*>kind, <PyObject*>error)
    return NULL


cdef void close_early(Plan plan, Span span, int64_t elapsed, int64_t duration) noexcept:
    # A generator that its consumer closed has succeeded.
    cdef PyObject* kind = NULL
    cdef PyObject* error = NULL
    cdef PyObject* traceback = NULL
    PyErr_Fetch_(&kind, &error, &traceback)
    PyErr_NormalizeException_(&kind, &error, &traceback)
    try:
        if plan.fail is not None:
            plan.fail(combination_of(span).labels, duration, <object>error, "success")
        if plan.has_name:
            finish(span, elapsed)
    except BaseException as problem:
        gone_wrong(plan, problem)
    PyErr_Restore_(kind, error, traceback)


cdef void close_interrupted(Plan plan, Span span, int64_t elapsed, int64_t duration) noexcept:
    # End with the exception that is set, which stays set.
    cdef PyObject* kind = NULL
    cdef PyObject* error = NULL
    cdef PyObject* traceback = NULL
    PyErr_Fetch_(&kind, &error, &traceback)
    PyErr_NormalizeException_(&kind, &error, &traceback)
    if traceback != NULL:
        PyException_SetTraceback_(error, traceback)
    try:
        end_failed(plan, span, elapsed, duration, <object>error)
    except BaseException as problem:
        gone_wrong(plan, problem)
    PyErr_Restore_(kind, error, traceback)
