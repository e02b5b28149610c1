# A site from C: everything of `site.py` that a call needs, where C finds it without looking.
#
# What a call captures is read by position. The values that metric labels need make a `Combination`, which is found by
# one look into a table and holds the cells and the attributes that those values stand for.

from telemetry._hotpath import protobuf as _protobuf
from telemetry._hotpath.parameters import Parameters as _Parameters
from telemetry._hotpath.values import capture as _capture, clean as _clean, label as _label, missed as _missed

cdef extern from "Python.h":
    PyObject* PyObject_GetAttr_ "PyObject_GetAttr"(PyObject* owner, PyObject* name) noexcept
    int PyCallable_Check_ "PyCallable_Check"(PyObject* candidate) noexcept
    Py_ssize_t PyTuple_GET_SIZE_ "PyTuple_GET_SIZE"(PyObject* items) noexcept
    PyObject* PyTuple_GET_ITEM_ "PyTuple_GET_ITEM"(PyObject* items, Py_ssize_t index) noexcept
    int PyUnicode_Compare_ "PyUnicode_Compare"(PyObject* left, PyObject* right) noexcept
    long long PyLong_AsLongLongAndOverflow_ "PyLong_AsLongLongAndOverflow"(PyObject* number, int* overflow) noexcept

cdef enum:
    COMBINATIONS_LIMIT = 1024
    INLINE_VALUES = 8

cdef enum Reading:
    BY_POSITION  # a parameter
    BY_PATH  # attributes of a parameter
    BY_CONVERSION  # the user's function of a parameter
    BY_MAPPING  # the user's function of all arguments, or a parameter such as *args

cdef struct Capture:
    Reading reading
    Py_ssize_t position
    PyObject* name
    PyObject* fallback  # the parameter's default; NULL where it has none
    PyObject* path
    PyObject* source

cdef struct Metric:
    bint is_counter
    double factor

cdef struct Values:
    # What a call captured, as owned references.
    int count
    PyObject** all
    PyObject* few[INLINE_VALUES]

cdef struct Slot:
    size_t hash
    PyObject* combination


@cython.final
@cython.no_gc
cdef class Combination:
    """Values that metric labels were captured from, and what they stand for.

    `fields` are its attributes, None where one is refused; `cells` are None until all of them could be bound.
    """

    cdef tuple keys
    cdef tuple labels
    cdef bytes fields
    cdef tuple cells


@cython.final
cdef class Plan:
    """What the spans and wrappers of one site share."""

    cdef readonly object site
    cdef readonly Tip ring
    cdef bytes head, common, default_code
    cdef bint has_name, is_plain, is_watched, is_generator, is_resumed
    cdef int scope
    cdef uint64_t number
    cdef Py_ssize_t room
    cdef frozenset names
    cdef object bind, succeed, fail, count, results
    cdef object arguments  # called with the arguments of a call, gives them by name
    cdef list kept  # what the pointers below point to
    cdef int captures_count, labels_count, metrics_count, others_count
    cdef Capture* captures
    cdef int* labels
    cdef int* others  # the indices of captured values that are attributes and no label
    cdef PyObject** others_attributes
    cdef Metric* metrics
    cdef tuple keyed_names
    cdef Combination only
    cdef Slot* table
    cdef size_t slots, used
    cdef dict attributes
    cdef Attribute error_type, error_code
    cdef int failure_room
    cdef dict messages

    def __cinit__(self, site, function=None):
        self.site = site
        self.ring = site.ring
        self.head, self.common, self.default_code = site.head, site.common, site.default_code
        self.has_name = bool(site.name)
        self.is_resumed = site.resume
        self.is_watched = site.watch is not None
        self.is_plain = site.is_plain and not self.is_watched
        self.scope, self.number = site.scope, site.number
        self.room = site.room
        self.names = site.names
        self.count, self.fail, self.succeed, self.bind = site.count, site.fail, site.succeed, site.bind
        self.results = dict(site.results)
        self.kept = []
        self.attributes = {}
        self.messages = {}
        if self.is_plain:
            self.error_type, self.error_code = Attribute("error.type", site._admit), Attribute("error.code", site._admit)
        else:
            self.error_type = self.error_code = None
        self.failure_room = -1 if not {"error.type", "error.code"}.isdisjoint(site.names) else self.room - 2
        self.take_captures(site, function)
        self.take_metrics(site)

    def __dealloc__(self):
        self.forget()
        PyMem_Free(self.captures)
        PyMem_Free(self.labels)
        PyMem_Free(self.others)
        PyMem_Free(self.others_attributes)
        PyMem_Free(self.metrics)
        PyMem_Free(self.table)

    cdef int take_captures(self, site, function) except -1:
        cdef int index
        sources = site.sources
        self.captures_count = len(sources)
        self.captures = <Capture*>zeroed(len(sources), sizeof(Capture))
        if function is not None and sources:
            parameters = _Parameters(function)
            for index, source in enumerate(sources):
                self.captures[index] = self.capture_of(source, parameters)
            if any(self.captures[index].reading == BY_MAPPING for index in range(self.captures_count)):
                self.arguments = parameters.by_name()
        self.labels_count = len(site.labels)
        self.labels = <int*>zeroed(self.labels_count, sizeof(int))
        for index in range(self.labels_count):
            self.labels[index] = site.labels[index]
        self.take_attributes(site, site.captured)
        return 0

    cdef int take_attributes(self, site, captured) except -1:
        cdef int place
        self.keyed_names = tuple(name for name, index in captured.items() if index in site.labels)
        others = [(name, index) for name, index in captured.items() if index not in site.labels]
        self.others_count = len(others)
        self.others = <int*>zeroed(len(others), sizeof(int))
        self.others_attributes = <PyObject**>zeroed(len(others), sizeof(PyObject*))
        for place, (name, index) in enumerate(others):
            self.others[place] = index
            attribute = Attribute(name, site._admit, site._glance)
            self.kept.append(attribute)
            self.others_attributes[place] = <PyObject*>attribute
        return 0

    cdef int take_metrics(self, site) except -1:
        cdef int index
        self.metrics_count = len(site.metrics)
        self.metrics = <Metric*>zeroed(self.metrics_count, sizeof(Metric))
        for index, spec in enumerate(site.metrics):
            self.metrics[index].is_counter = spec is None
            self.metrics[index].factor = 0.0 if spec is None else spec[1]
        return 0

    cdef Capture capture_of(self, source, parameters) except *:
        cdef Capture made
        names = parameters.names
        place = names.index(source.parameter) if source.parameter in names else -1
        name, path = source.parameter, source.path
        self.kept += (name, path, source)
        made.name, made.path, made.source = <PyObject*>name, <PyObject*>path, <PyObject*>source
        made.position = place if place < parameters.positional else -1
        made.fallback = NULL
        if source.function is not None or not 0 <= place < parameters.named:
            made.reading = BY_MAPPING
            return made
        made.reading = BY_CONVERSION if source.convert is not None else BY_PATH if path else BY_POSITION
        default = parameters.default_of(place)
        if default:
            self.kept.append(default)
            made.fallback = <PyObject*>default[0]
        return made

    cdef Attribute attribute(self, str name):
        # The attribute of a name that was set later.
        found = self.attributes.get(name)
        if found is None:
            if len(self.attributes) >= COMBINATIONS_LIMIT:
                self.attributes.clear()
            found = self.attributes[name] = Attribute(name, self.site._admit, self.site._glance)
        return <Attribute>found

    cdef bytes message_of(self, str message):
        # What may leave the process of the text of an exception; None where the limits cut it.
        found = self.messages.get(message)
        if found is None:
            if len(self.messages) >= COMBINATIONS_LIMIT:
                self.messages.clear()
            found = _protobuf.utf8(self.site.detail("exception.message", message))
            if self.site.is_cut:
                return None
            if len(message) <= LONGEST_KNOWN:
                self.messages[message] = found
        return <bytes>found

    cdef void forget(self) noexcept:
        cdef size_t slot
        for slot in range(self.slots):
            Py_XDECREF_(self.table[slot].combination)
            self.table[slot].combination = NULL
        self.used = 0

    cdef Combination combination(self, PyObject** values):
        # What these values stand for: they are all exact text, or True, False, None.
        cdef size_t hash = 0x9E3779B97F4A7C15u, slot
        cdef int index
        cdef PyObject* value
        cdef PyObject* keys
        if not self.labels_count:
            if self.only is None:
                return self.combine(values, 0)
            return self.only
        for index in range(self.labels_count):
            value = values[self.labels[index]]
            if PyUnicode_CheckExact_(value):
                hash = (hash ^ hash_of_text(value)) * 0x9E3779B97F4A7C15u
            elif value == <PyObject*>None or PyBool_Check_(value):
                hash = (hash ^ <size_t>value) * 0x9E3779B97F4A7C15u
            else:
                return self.combine(values, -1)
            hash ^= hash >> 29
        if self.used:
            slot = hash & self.slots - 1
            while self.table[slot].combination != NULL:
                if self.table[slot].hash == hash:
                    keys = <PyObject*>(<Combination>self.table[slot].combination).keys
                    for index in range(self.labels_count):
                        if not same_key(PyTuple_GET_ITEM_(keys, index), values[self.labels[index]]):
                            break
                    else:
                        return <Combination>self.table[slot].combination
                slot = slot + 1 & self.slots - 1
        return self.combine(values, hash)

    cdef Combination combine(self, PyObject** values, Py_ssize_t hash):
        # Make a combination; -1 says that its values are others, and it is not worth keeping.
        cdef int index
        cdef Combination made = Combination.__new__(Combination)
        every = tuple([<object>values[index] for index in range(self.captures_count)])
        made.keys = tuple([every[self.labels[index]] for index in range(self.labels_count)])
        made.labels = tuple([_label(key) for key in made.keys])
        if hash != -1:
            made.fields = self.site.foreseen(every, self.keyed_names)
            if self.labels_count:
                self.keep(made, <size_t>hash)
            else:
                self.only = made
        return made

    cdef bytes fields(self, Combination combination, PyObject** values):
        # The attributes of a combination, for one span: where one of them is refused, that is counted.
        cdef int index
        if combination.fields is not None:
            return combination.fields
        every = tuple([<object>values[index] for index in range(self.captures_count)])
        return self.site.fields(every, self.keyed_names)[0]

    cdef int keep(self, Combination made, size_t hash) except -1:
        if self.used >= COMBINATIONS_LIMIT:
            self.forget()
        if self.used * 2 >= self.slots:
            self.grow()
        Py_INCREF_(<PyObject*>made)
        self.place(Slot(hash, <PyObject*>made))
        self.used += 1
        return 0

    cdef void place(self, Slot entry) noexcept:
        cdef size_t slot = entry.hash & self.slots - 1
        while self.table[slot].combination != NULL:
            slot = slot + 1 & self.slots - 1
        self.table[slot] = entry

    cdef int grow(self) except -1:
        cdef Slot* before = self.table
        cdef size_t slots = self.slots, slot
        cdef size_t wanted = slots * 2 if slots else FIRST_SLOTS
        cdef Slot* larger = <Slot*>PyMem_Calloc(wanted, sizeof(Slot))
        if larger == NULL:
            raise MemoryError
        self.table, self.slots = larger, wanted
        for slot in range(slots):
            if before[slot].combination != NULL:
                self.place(before[slot])
        PyMem_Free(before)
        return 0

    cdef int record(self, Combination combination, int64_t elapsed) except -1:
        # Record the metrics of a call that returned.
        cdef int index
        cdef PyObject* cells = <PyObject*>combination.cells
        if combination.cells is None:
            found, whole = self.bind(combination.labels)
            cells = <PyObject*>found
            if whole:
                combination.cells = found
        for index in range(self.metrics_count):
            (<Cell>PyTuple_GET_ITEM_(cells, index)).take(
                1.0 if self.metrics[index].is_counter else elapsed * self.metrics[index].factor
            )
        return 0


cdef inline bint is_ordinary(Plan plan, PyObject** values) noexcept:
    # Whether all values of labels are such that their combination can be kept.
    cdef int index
    cdef PyObject* value
    for index in range(plan.labels_count):
        value = values[plan.labels[index]]
        if not PyUnicode_CheckExact_(value) and value != <PyObject*>None and not PyBool_Check_(value):
            return False
    return True


cdef inline bint same_key(PyObject* one, PyObject* other) noexcept:
    if one == other:
        return True
    return PyUnicode_CheckExact_(one) and PyUnicode_CheckExact_(other) and same_text(one, other)


cdef Plan plan_of(site):
    if site.plan is None:
        site.plan = Plan(site)
    return <Plan>site.plan
