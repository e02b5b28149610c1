# How a span is written: into the table while it is open, and into the ring at its end.

cdef int show_open(Span span) except -1:
    # Put the span into the table of open spans, with the attributes of its start where they fit.
    cdef PyObject* parts[INLINE_VALUES + 2 + LATE_ATTRIBUTES]
    cdef int count = 0
    if not span.flags & SAMPLED and undecided_trace(span) is None:
        return 0
    try:
        if span.plan.is_plain:
            first_parts(span, parts, &count)
        fill_slot(span, parts, count)
    finally:
        drop_parts(parts, count)
    return 0


cdef int first_parts(Span span, PyObject** parts, int* count) except -1:
    # The attributes that a span begins with, as far as they will be allowed.
    cdef Plan plan = span.plan
    cdef int index
    cdef bytes written
    parts[0], count[0] = own(plan.common), 1
    if is_ordinary(plan, span.captured):  # of others it is not known yet whether they are allowed
        span.combination = plan.combination(span.captured)
        if span.combination.fields is not None:
            parts[count[0]] = own(span.combination.fields)
            count[0] += 1
    for index in range(min(plan.others_count, INLINE_VALUES)):
        written = (<Attribute>plan.others_attributes[index]).foresee(span.captured[plan.others[index]])
        if written is not None:
            parts[count[0]] = own(written)
            count[0] += 1
    if span.late_count and fits(plan, span):
        for index in range(span.late_count):
            written = plan.attribute(<str>span.late_names[index]).foresee(span.late_values[index])
            if written is not None:
                parts[count[0]] = own(written)
                count[0] += 1
    return 0


cdef void fill_slot(Span span, PyObject** parts, int count) noexcept:
    cdef Plan plan = span.plan
    cdef OpenTable table = plan.ring.open
    cdef size_t size = 37 + (10 if span.is_child else 0) + len(plan.head)
    cdef size_t attributes = 0
    cdef unsigned char* slot
    cdef unsigned char* at
    cdef int index
    if span.state is not None:
        size += len(span.state)
    for index in range(count):
        attributes += PyBytes_GET_SIZE(parts[index])
    if RECORD_HEADER_BYTES + 3 + size + attributes > table.slot_bytes:
        attributes = 0
        count = 0
        if RECORD_HEADER_BYTES + 3 + size > table.slot_bytes:
            return
    span.slot = take_slot(table)
    if span.slot == NO_SLOT:
        return
    slot = place_of(table, span.slot)
    at = slot + RECORD_HEADER_BYTES
    at[0] = 0x12
    at = put_varint(at + 1, size + attributes)
    at = put_ids(span, at)
    at = put_whole(at, <PyObject*>plan.head)
    at = put_fixed64(at, 0x39, span.start)
    for index in range(count):
        at = put_whole(at, parts[index])
    commit(slot, record_word(at - slot - RECORD_HEADER_BYTES, span.flags | SAMPLED, plan.scope, IS_SPAN) | plan.number << 16)
    table.counts[STARTED] += 1


cdef inline unsigned char* put_ids(Span span, unsigned char* at) noexcept:
    at[0], at[1] = 0x0A, 16
    at = put_bytes(at + 2, &span.trace_high, 8)
    at = put_bytes(at, &span.trace_low, 8)
    at[0], at[1] = 0x12, 8
    at = put_bytes(at + 2, &span.number, 8)
    if span.state is not None:
        at = put_whole(at, <PyObject*>span.state)
    if span.is_child:
        at[0], at[1] = 0x22, 8
        at = put_bytes(at + 2, &span.parent_number, 8)
    return at


cdef bint write_plainly(Span span) except *:
    # Write a span the fast way, if nothing rare happened to it; tell whether that was so.
    cdef Plan plan = span.plan
    cdef PyObject* parts[PARTS_LIMIT]
    cdef int count = 0, index
    if not plan.is_plain or span.more is not None:
        return False
    if span.combination is None:
        span.combination = plan.combination(span.captured)
    if not fits(plan, span):
        return False
    try:
        for index in range(plan.others_count):
            parts[count] = own((<Attribute>plan.others_attributes[index]).write(span.captured[plan.others[index]]))
            count += 1
        if span.late_count:
            late_parts(plan, span, parts, &count)
        elif span.spilled is not None:
            spilled_parts(plan, span.spilled, parts, &count)
        if span.running >= 0:
            parts[count] = own(_running.number(0x18, span.running))
            count += 1
        write_parts(span, plan.fields(span.combination, span.captured), parts, count)
    finally:
        drop_parts(parts, count)
    return True


cdef bint fits(Plan plan, Span span) except *:
    # Whether what was set later only adds to the attributes of the site, within the limits.
    cdef Py_ssize_t later = span.late_count if span.spilled is None else len(span.spilled)
    cdef int index
    if later > plan.room or plan.others_count + later + 1 > PARTS_LIMIT:
        return False
    if span.spilled is not None:
        return plan.names.isdisjoint(span.spilled)
    for index in range(span.late_count):
        if PySet_Contains_(<PyObject*>plan.names, span.late_names[index]):
            return False
    return True


cdef void drop_parts(PyObject** parts, int count) noexcept:
    cdef int index
    for index in range(count):
        Py_DECREF_(parts[index])


cdef inline PyObject* own(bytes written) noexcept:
    Py_INCREF_(<PyObject*>written)
    return <PyObject*>written


cdef int late_parts(Plan plan, Span span, PyObject** parts, int* count) except -1:
    # Add the few attributes that were set later.
    cdef int index
    for index in range(span.late_count):
        parts[count[0]] = own(plan.attribute(<str>span.late_names[index]).write(span.late_values[index]))
        count[0] += 1
    return 0


cdef int spilled_parts(Plan plan, dict spilled, PyObject** parts, int* count) except -1:
    # The same for many.
    cdef Py_ssize_t place = 0
    cdef PyObject* key
    cdef PyObject* value
    while count[0] < PARTS_LIMIT - 1 and PyDict_Next(<PyObject*>spilled, &place, &key, &value):
        parts[count[0]] = own(plan.attribute(<str>key).write(value))
        count[0] += 1
    return 0


cdef int write_parts(Span span, bytes fields, PyObject** parts, int count) except -1:
    # Everything is bytes by now: sum up the lengths, reserve, and copy.
    cdef Plan plan = span.plan
    cdef size_t parts_size = 0, content, length
    cdef int index
    cdef unsigned char* record
    cdef unsigned char* at
    cdef size_t event = 0
    cdef PyObject* turned = NULL
    for index in range(count):
        parts_size += PyBytes_GET_SIZE(parts[index])
    content = 18 + 10 + (10 if span.is_child else 0) + 9 + 9 + 6 + (2 if span.failure_fields is None else 4)
    content += len(plan.head) + len(plan.common) + len(fields) + parts_size
    if span.state is not None:
        content += len(span.state)
    if span.failure_fields is not None:
        content += len(span.failure_fields)
    if span.failure is not None:
        event = 9 + len(span.failure)
        content += message_size(event)
    length = message_size(content)
    record = reserve(plan.ring, record_size(length), &turned)
    at = record + RECORD_HEADER_BYTES
    at[0] = 0x12
    at = put_varint(at + 1, content)
    at = put_ids(span, at)
    at = put_whole(at, <PyObject*>plan.head)
    at = put_fixed64(at, 0x39, span.start)
    at = put_fixed64(at, 0x41, span.start + span.elapsed)
    at = put_whole(at, <PyObject*>plan.common)
    at = put_whole(at, <PyObject*>fields)
    for index in range(count):
        at = put_whole(at, parts[index])
    if span.failure_fields is not None:
        at = put_whole(at, <PyObject*>span.failure_fields)
    if span.failure is not None:
        at[0] = 0x5A
        at = put_varint(at + 1, event)
        at = put_fixed64(at, 0x09, span.start + span.elapsed)
        at = put_whole(at, <PyObject*>span.failure)
    at = put_bytes(at, b"\x7a\x00" if span.failure_fields is None else b"\x7a\x02\x18\x02", 2 if span.failure_fields is None else 4)
    put_bytes(at, b"\x85\x01\x00\x03\x00\x00" if span.has_remote_parent else b"\x85\x01\x00\x01\x00\x00", 6)
    seal_record(record, length, record_word(length, span.flags, plan.scope, IS_SPAN))
    Py_XDECREF_(turned)
    return 0


cdef inline unsigned char* put_whole(unsigned char* at, PyObject* written) noexcept:
    return put_bytes(at, PyBytes_AS_STRING(written), PyBytes_GET_SIZE(written))
