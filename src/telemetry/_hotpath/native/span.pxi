# The compiled span: the twin of `span.py`. Its end is encoded straight into the ring.
#
# It is out of the collector's sight: what it holds are primitives, its site's plan, and its parent while both are open.

from telemetry._hotpath.details import Details as _Details, fail as _fail
from telemetry._hotpath.tracecontext import (
    TraceContext as _TraceContext,
    adopt as _adopt,
    opentelemetry_context as _opentelemetry_context,
)
from telemetry._hotpath.undecided import Undecided as _Undecided
from telemetry._hotpath.values import text as _text
from telemetry._hotpath.writing import payload as _payload

cdef extern from "native/machine.h":
    int64_t realtime_ns() noexcept nogil
    int64_t monotonic_ns() noexcept nogil
    uint64_t ticks() noexcept nogil
    uint64_t random_word() noexcept nogil
    uint64_t swapped(uint64_t word) noexcept nogil
    uint64_t random_state[4]

cdef extern from "Python.h":
    int PySet_Contains_ "PySet_Contains"(PyObject* names, PyObject* name) noexcept
    int PyDict_Next(PyObject* mapping, Py_ssize_t* place, PyObject** key, PyObject** value) noexcept

cdef enum:
    SAMPLED = 1
    RANDOM = 2
    LATE_ATTRIBUTES = 8
    PARTS_LIMIT = 24  # attributes that a span may have besides those of its site, to be written the fast way

cdef uint64_t _low_56_bits = <uint64_t>-1 >> 8
cdef uint64_t _threshold = 0  # a trace is sampled whose low 56 bits reach it
cdef object _decide = None  # the sampler, where it is more than a threshold
cdef str _taken_vendors = None  # the `tracestate` of the traces that it takes
cdef bytes _taken_state = None  # the same as a field
cdef Attribute _running = Attribute(_protobuf.RUNNING_ATTRIBUTE, None)


def _follow_sampler():
    """Take over what `ambient` says of sampling."""
    global _threshold, _decide, _taken_vendors, _taken_state
    decide = _ambient._telemetry_decide
    threshold = getattr(decide, "threshold", None)
    _threshold = 0 if threshold is None else threshold
    _decide = None if threshold is not None else decide
    _taken_vendors = getattr(decide, "state", None) or None
    _taken_state = None if _taken_vendors is None else _protobuf.message(0x1A, _protobuf.utf8(_taken_vendors))


def random_bits(int size):
    """Give 64 or 128 random bits, never all zero."""
    return random_word() if size == 64 else (<object>random_word()) << 64 | random_word()


def seed_ids(bytes entropy):
    """Seed the generator of ids, with 32 bytes that nobody else has."""
    memcpy(random_state, PyBytes_AS_STRING(<PyObject*>entropy), sizeof(random_state))


_ambient.follow(_follow_sampler)
_follow_sampler()


@cython.no_gc
cdef class SpanBase:
    """What `opentelemetry.trace.Span` is told to recognise; `isinstance` is cached for subclasses only."""


@cython.final
@cython.no_gc

cdef class Span(SpanBase):
    """An operation with a start, an end, attributes and a place in a trace: see the pure twin."""

    cdef uint64_t trace_high, trace_low, number, parent_number  # as they stand on the wire
    cdef int64_t start, begun_at, elapsed  # `elapsed` is -1 while it is open
    cdef Plan plan
    cdef Combination combination
    cdef PyObject** captured
    cdef PyObject* inline_values[INLINE_VALUES]
    cdef int values_count
    cdef unsigned char flags
    cdef bint is_child, has_remote_parent
    cdef dict spilled  # all attributes that were set later, once they are more than fit here
    cdef PyObject* late_names[LATE_ATTRIBUTES]
    cdef PyObject* late_values[LATE_ATTRIBUTES]
    cdef int late_count
    cdef public object more
    cdef object above  # the parent, while this is open
    cdef object origin  # the trace context of a trace that did not begin here, or is not sampled
    cdef bytes state  # its `tracestate`, as a field
    cdef str vendors  # the same as text, where there is no `origin`
    cdef bytes failure  # what comes after the time of the event of its exception
    cdef bytes failure_fields
    cdef object before  # the ambient values that a `with` block replaced
    cdef void* entered_in
    cdef void* mark_error  # the origin of the exception that ended a child, which has recorded it; to be compared only
    cdef PyObject* mark_code  # owned
    cdef int mark_instruction
    cdef int64_t slot  # in the table of open spans
    cdef int64_t running  # the time inside a generator; -1 where that is all the time between start and end

    def __dealloc__(self):
        cdef int index
        for index in range(self.values_count):
            Py_XDECREF_(self.captured[index])
        drop_late(self)
        if self.captured != self.inline_values:
            PyMem_Free(self.captured)
        Py_XDECREF_(self.mark_code)
        if type(self.above) is Span:
            let_go(self)
        # One that nobody ended. Where a fork has just let go of a thread, the memory is still the parent's.
        if self.slot != NO_SLOT and self.plan.ring.open.holds(self.slot):
            give_back(self.plan.ring.open, self.slot)
            self.plan.ring.counts[ABANDONED] += 1

    @property
    def site(self):
        """Where it is recorded."""
        return self.plan.site

    @property
    def values(self):
        """What was captured, in the order of the site's sources."""
        return tuple([<object>self.captured[index] for index in range(self.values_count)])

    @property
    def extra(self):
        """Attributes that were set later; None where there are none."""
        spill(self, False)
        return self.spilled

    @extra.setter
    def extra(self, dict attributes):
        drop_late(self)
        self.spilled = attributes

    @property
    def name(self):
        """The name, as the site or `update_name` gave it."""
        return (self.more is not None and self.more.renamed) or self.plan.site.name

    @property
    def start_ns(self):
        """When it began, in nanoseconds since the epoch."""
        return self.start

    @property
    def begun(self):
        """The start on the monotonic clock."""
        return self.begun_at

    @property
    def elapsed_ns(self):
        """How long it took, in nanoseconds; None while it is open."""
        return None if self.elapsed < 0 else self.elapsed

    @property
    def end_ns(self):
        """When it ended, in nanoseconds since the epoch; None while it is open."""
        return None if self.elapsed < 0 else self.start + self.elapsed

    @property
    def is_open(self):
        """Whether what is added still counts, sampled or not."""
        return self.elapsed < 0

    @property
    def trace_id(self):
        """The 128-bit trace id."""
        return (<object>swapped(self.trace_high)) << 64 | swapped(self.trace_low)

    @property
    def trace(self):
        """The id of a trace that began here, else the trace context that says more."""
        return self.trace_id if self.origin is None else self.origin

    @property
    def span_id(self):
        """The 64-bit span id."""
        return swapped(self.number)

    @property
    def parent_span_id(self):
        """The 64-bit id of the parent; None at a root."""
        return swapped(self.parent_number) if self.is_child else None

    @property
    def parent(self):
        """The parent while this is open; its id in the order of the wire after the end; None for a root."""
        if self.above is not None:
            return self.above
        return self.parent_number if self.is_child else None

    @property
    def trace_flags(self):
        """W3C flags: whether the trace is sampled, and that its id is random where we made it."""
        if self.origin is None or type(self.origin) is not _Undecided:
            return self.flags
        return self.flags | self.origin.trace_flags  # a verdict to keep counts for the spans that are still open

    @property
    def tracestate(self):
        """The vendor list that came with the trace."""
        return self.vendors or "" if self.origin is None else self.origin.tracestate

    def get_span_context(self):
        """Give OpenTelemetry's `SpanContext`."""
        return _opentelemetry_context(self)

    def is_recording(self):
        """Say whether what is added still counts."""
        if self.elapsed >= 0:
            return False
        return self.flags & SAMPLED != 0 or (self.origin is not None and self.origin.is_recording())

    def set_attribute(self, key, value):
        """Set one attribute; what is no primitive becomes text, and None sets nothing."""
        put_attribute(self, key, value)

    def set_attributes(self, attributes):
        """Set several attributes."""
        for key, value in attributes.items():
            put_attribute(self, key, value)

    def add_event(self, name, attributes=None, timestamp=None):
        """Record that something happened; `timestamp` is nanoseconds since the epoch, by default now."""
        if takes_more(self):
            self.details().add_event(name, attributes, timestamp)

    def add_link(self, context, attributes=None):
        """Point at another span, given as a `SpanContext` or `TraceContext`."""
        if takes_more(self):
            self.details().add_link(context, attributes)

    def update_name(self, name):
        """Change the name, to another one of the registry."""
        if takes_more(self):
            self.details().renamed = _text(name)

    def set_status(self, status, description=None):
        """Set the status by OpenTelemetry's rule: Ok is final, Unset is ignored (Trace §Set Status)."""
        if takes_more(self):
            self.details().set_status(status, description)

    def record_exception(self, exception, attributes=None, timestamp=None, escaped=False):
        """Add an `exception` event, always; it does not change the status."""
        if takes_more(self):
            self.details().add_exception(exception, attributes, timestamp, escaped)

    def end(self, end_time=None):
        """End the span; a second end is ignored. `end_time` is nanoseconds since the epoch."""
        self.finish(monotonic_ns() - self.begun_at if end_time is None else end_time - self.start)

    def finish(self, elapsed_ns):
        """Close the span, this long after its start, and write it into the ring, once."""
        finish(self, elapsed_ns)

    def place(self, trace, uint64_t span_id=0):
        """Give the span another trace, and its id where it is not 0: what a sampler or id generator has decided."""
        trace_id = trace.trace_id
        self.trace_high, self.trace_low = swapped(trace_id >> 64), swapped(trace_id & 0xFFFFFFFFFFFFFFFF)
        self.flags, self.origin = trace.trace_flags, trace
        self.state = _protobuf.message(0x1A, _protobuf.utf8(trace.tracestate)) if trace.tracestate else None
        if span_id:
            self.number = swapped(span_id)

    def ran(self, int64_t running_ns):
        """Note how much of its time a generator was running."""
        self.running = running_ns

    def fail(self, error):
        """Note how `error` ended the span, as an event unless a child recorded it already; give the outcome."""
        return fail(self, error)

    def details(self):
        """Give the place for what most spans never get."""
        if self.more is None:
            made = _Details()
            if self.more is not None:  # another thread's came in between
                return self.more
            self.more = made
            if self.mark_error != NULL:
                code = None if self.mark_code == NULL else <object>self.mark_code
                self.more.mark = (<size_t>self.mark_error, code, self.mark_instruction)
        return self.more

    def __enter__(self):
        if self.elapsed < 0 and self.before is None:
            self.before = ambient_values()
            self.entered_in = current_contextvars()
            try:
                attach_values(mapping_with(self.before, span_in(self.before), <PyObject*>self))
            except BaseException as error:
                gone_wrong(self.plan, error)
                put_back(self, self.before)
                self.before = None
        return self

    def __exit__(self, kind, error, traceback):
        cdef int64_t elapsed = monotonic_ns() - self.begun_at
        try:
            if self.before is not None:
                leave_block(self)
            if error is not None:
                told_failure(self, error)
            finish(self, elapsed)
        except BaseException as problem:
            gone_wrong(self.plan, problem)


cdef int put_attribute(Span span, key, value) except -1:
    cdef int index
    cdef PyObject* before
    cdef PyObject* tidy
    if not PyUnicode_CheckExact_(<PyObject*>value):
        Py_INCREF_(<PyObject*>value)
        tidy = tidied(<PyObject*>value)
        value = <object>tidy
        Py_DECREF_(tidy)
    if value is None or not takes_more(span):
        return 0
    if not PyUnicode_CheckExact_(<PyObject*>key):
        key = _text(key)
    if span.spilled is None:
        for index in range(span.late_count):
            if same_text(span.late_names[index], <PyObject*>key):
                Py_INCREF_(<PyObject*>value)
                before, span.late_values[index] = span.late_values[index], <PyObject*>value
                Py_DECREF_(before)
                return 0
        if span.late_count < LATE_ATTRIBUTES:
            Py_INCREF_(<PyObject*>key)
            Py_INCREF_(<PyObject*>value)
            span.late_names[span.late_count], span.late_values[span.late_count] = <PyObject*>key, <PyObject*>value
            span.late_count += 1
            return 0
        spill(span, True)
    span.spilled[key] = value
    return 0


cdef int spill(Span span, bint even_if_none) except -1:
    # Move the attributes that were set later into a dict, where there is room for more.
    cdef int index
    if span.spilled is None and (span.late_count or even_if_none):
        spilled = {}
        for index in range(span.late_count):
            spilled[<object>span.late_names[index]] = <object>span.late_values[index]
        span.spilled = spilled
        drop_late(span)
    return 0


cdef inline void drop_late(Span span) noexcept:
    cdef int count = span.late_count
    span.late_count = 0
    while count:
        count -= 1
        Py_DECREF_(span.late_names[count])
        Py_DECREF_(span.late_values[count])


cdef void let_go(Span span) noexcept:
    # Parents that nobody ended go one after the other: inside of each other they would use up the stack.
    cdef PyObject* above = taken_from(span)
    cdef PyObject* further
    while Py_REFCNT(above) == 1 and type(<object>above) is Span:
        further = taken_from(<Span>above)
        Py_DECREF_(above)
        above = further
    Py_DECREF_(above)


cdef inline PyObject* taken_from(Span span) noexcept:
    cdef PyObject* above = <PyObject*>span.above
    Py_INCREF_(above)
    span.above = None
    return above


cdef inline bint takes_more(Span span) noexcept:
    # Whether what is added still counts: until the end, or the exception that brings it.
    return span.elapsed < 0 and span.failure_fields is None


def nowhere(site):
    """Make a span that is over before it begins: it takes everything and keeps nothing."""
    cdef Span span = Span.__new__(Span)
    span.plan = plan_of(site)
    span.captured = span.inline_values
    span.slot = NO_SLOT
    return span


def begin(site, values=(), outer=None, start_ns=None, attributes=None):
    """Start a span here and now, without making it the current one: see the pure twin."""
    cdef Span span
    if outer is None:
        outer = ambient_values()
    span = begin_span(plan_of(site), values, outer, start_ns)
    if attributes:
        span.set_attributes(attributes)
    show_begun(span, outer)
    return span


cdef Span begin_span(Plan plan, tuple values, outer, start_ns):
    cdef Span span = new_span(plan, plan.captures_count)
    cdef int index
    for index in range(plan.captures_count):
        value = values[index] if index < len(values) else None
        Py_INCREF_(<PyObject*>value)
        span.captured[index] = <PyObject*>value
    inherit(span, span_in(outer))
    start(span)
    if start_ns is not None:
        span.start = start_ns
    return span


cdef inline int show_begun(Span span, object outer) except -1:
    # What it begins with has been set: let it be known.
    if span.plan.is_watched:
        span.plan.site.watch.started(span, outer)
    show_open(span)
    return 0


def current_span(values=None):
    """Give the current span, ours or any other; None outside of spans."""
    if values is None:
        values = ambient_values()
    found = values.get(_key)
    if found is None or type(found) is Span or isinstance(found, _TraceContext):
        return found
    return _adopt(found)


cdef inline Span new_span(Plan plan, Py_ssize_t values):
    cdef Span span = Span.__new__(Span)
    span.plan = plan
    span.elapsed = span.running = -1
    span.slot = NO_SLOT
    span.captured = span.inline_values
    if values > INLINE_VALUES:
        span.captured = <PyObject**>PyMem_Calloc(values, sizeof(PyObject*))
        if span.captured == NULL:
            span.captured = span.inline_values
            raise MemoryError
    elif values:
        memset(span.inline_values, 0, values * sizeof(PyObject*))
    span.values_count = <int>values
    return span


cdef inline int inherit(Span span, PyObject* found) except -1:
    # Take the place in a trace from what is the current span.
    cdef Span parent
    if found != NULL and type(<object>found) is Span:
        parent = <Span>found
        span.trace_high, span.trace_low = parent.trace_high, parent.trace_low
        span.parent_number = parent.number
        span.flags = parent.flags
        span.is_child = True
        span.above = parent
        span.origin, span.state, span.vendors = parent.origin, parent.state, parent.vendors
        span.number = random_word()
        return 0
    if found != NULL and found != <PyObject*>None:
        return inherit_foreign(span, <object>found)
    return begin_trace(span)


cdef int begin_trace(Span span) except -1:
    span.trace_high, span.trace_low = random_word(), random_word()
    span.number = random_word()
    span.flags = RANDOM
    if _decide is not None:
        span.flags |= SAMPLED if _decide(span.trace_id) else 0
    elif (swapped(span.trace_low) & _low_56_bits) >= _threshold:
        span.flags |= SAMPLED
    if _taken_state is not None and span.flags & SAMPLED:
        span.state, span.vendors = _taken_state, _taken_vendors
    return 0


cdef int inherit_foreign(Span span, found) except -1:
    # The parent is in another process, or another SDK's.
    if not isinstance(found, _TraceContext):
        found = _adopt(found)
        if found is None:
            return begin_trace(span)
    trace_id = found.trace_id
    span.trace_high, span.trace_low = swapped(trace_id >> 64), swapped(trace_id & 0xFFFFFFFFFFFFFFFF)
    span.number = random_word()
    span.flags = found.trace_flags
    span.parent_number = swapped(found.span_id)
    span.is_child = True
    span.has_remote_parent = found.is_remote
    span.above = span.origin = found
    if found.tracestate:
        span.state = _protobuf.message(0x1A, _protobuf.utf8(found.tracestate))
    return 0


cdef inline void start(Span span) noexcept:
    span.start = realtime_ns()
    span.begun_at = monotonic_ns()


cdef int leave_block(Span span) except -1:
    # Restore what stood before the block, unless this is another contextvars.Context, in which nothing of it stands.
    before, span.before = span.before, None
    values = ambient_values()
    if span.entered_in == current_contextvars() or span_in(values) == <PyObject*>span:
        try:
            attach_values(before)
        except BaseException as error:
            gone_wrong(span.plan, error)
            put_back(span, before)
        before = None
        if span_in(values) == <PyObject*>span:
            keep_mapping(values)
    return 0


cdef int finish(Span span, int64_t elapsed) except -1:
    if span.elapsed >= 0:
        return 0
    if span.begun_at < span.plan.ring.open.since:  # it was open at a fork: the parent records it
        span.elapsed, span.above, span.slot = max(elapsed, 0), None, NO_SLOT
        forget_origin(span)
        return 0
    watch = span.plan.site.watch if span.plan.is_watched and span.is_recording() else None
    if watch is not None:
        watch.ending(span)
        if span.elapsed >= 0:
            return 0  # whoever saw it has ended it
    span.elapsed = max(elapsed, 0)
    undecided = undecided_trace(span)
    forget_origin(span)
    above, span.above = span.above, None
    if watch is None and undecided is None:
        if not (span.flags & SAMPLED):
            span.plan.ring.counts[SAMPLED_OUT] += 1
        elif not write_plainly(span):
            put_record(span, recorded(span, above, None))
        hide_open(span, span.flags & SAMPLED)
        return 0
    record = recorded(span, above, watch)
    if undecided is None:
        put_record(span, record)
        hide_open(span, span.flags & SAMPLED)
    else:
        undecided.take(span.span_id, record, span.plan.scope)
        hide_open(span, True)
    if watch is not None:
        watch.ended(record)
    return 0


cdef object recorded(Span span, object above, object watch):
    # The record of a span that has ended, made the general way.
    span.above = above if type(above) is not Span else None
    if span.running >= 0:
        span.details().running_ns = span.running
    record = span.plan.site.record(span) if watch is None else watch.record(span)
    span.above = None
    return record


cdef inline object undecided_trace(Span span):
    # The trace of a span, if it was refused and may still be kept; None of all others.
    if span.origin is None or type(span.origin) is not _Undecided or not span.origin.is_recording():
        return None
    return span.origin


cdef int put_record(Span span, record) except -1:
    # Write a span the general way. No Python code runs after that: an interrupt in it would leave the span open, too.
    if not (span.flags & SAMPLED):
        span.plan.ring.counts[SAMPLED_OUT] += 1
    elif record is None:
        span.plan.ring.counts[TORN_COUNT] += 1
    else:
        span.plan.ring.put(_payload(record), record.trace_flags, span.plan.scope)
    return 0


cdef inline void hide_open(Span span, bint was_kept) noexcept:
    # After the span has been written: a kill in between finds it twice, and never not.
    cdef OpenTable table = span.plan.ring.open
    if was_kept:
        give_back(table, span.slot)
    elif span.slot != NO_SLOT:
        give_back(table, span.slot)
        table.counts[STARTED] -= 1
    span.slot = NO_SLOT


cdef inline void forget_origin(Span span) noexcept:
    # A span that has ended keeps of the trace that it came into only what it says: its context may lead to anything.
    if span.origin is not None and type(span.origin) is not _Undecided:  # which its children, that may come, share
        span.vendors, span.origin = span.origin.tracestate, None
