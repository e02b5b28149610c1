# The compiled cells whose buckets follow the values: summaries and exponential histograms. `cells.pxi` includes this.


@cython.final
cdef class SummaryCell(Cell):
    """A sketch of a distribution, for quantiles within one per cent: see the pure twin."""

    def __cinit__(self, page, Py_ssize_t at, refuse):
        self.bind(page, at, refuse, 1 + 2 * SUMMARY_COPY_WORDS)

    @cython.binding(False)
    def observe(self, value):
        """Count `value`, which is not negative."""
        self.put(_as_double(value))

    @cython.binding(False)
    def write(self, value):
        """Count `value`."""
        self.put(_as_double(value))

    cdef inline int put(self, double value) except -1:
        if 0.0 <= value < INFINITY:
            self.count(value)
            return 0
        return self.refused(value)

    cdef void record(self, double value) noexcept:
        if 0.0 <= value < INFINITY:
            self.count(value)
        else:
            self.refused_aside(value)

    cdef void take(self, double value) noexcept:
        self.record(value)

    @cython.cdivision(True)
    cdef void count(self, double value) noexcept:
        cdef uint64_t* copy = self.integers_at + 1 + (self.integers_at[0] & 1) * SUMMARY_COPY_WORDS
        cdef int64_t bin_number
        if value > 0.0:
            bin_number = <int64_t>ceil(log(value) / _GAMMA_LOG) + SUMMARY_BIAS
            copy = self.reaching(copy, bin_number)
            copy[SUMMARY_HEAD_WORDS + max(0, bin_number - <int64_t>copy[0])] += 1
        else:
            copy[1] += 1
        (<double*>copy)[2] += value

    @cython.cdivision(True)
    cdef uint64_t* reaching(self, uint64_t* copy, int64_t bin_number) noexcept:
        # Make the window reach this bin, if it can, in the spare copy; give the copy that counts then.
        cdef int64_t place = <int64_t>copy[0]
        if 0 < place <= bin_number < place + SUMMARY_BINS:
            return copy
        if place == 0:
            copy[0] = bin_number - SUMMARY_BINS // 2
            return copy
        if bin_number < place and copy[SUMMARY_COPY_WORDS - 1] != 0:
            return copy  # the window cannot move down: its highest bin is taken
        return self.moved(copy, place, bin_number)

    cdef uint64_t* moved(self, uint64_t* copy, int64_t place, int64_t bin_number) noexcept:
        cdef uint64_t spare = 1 - (self.integers_at[0] & 1)
        cdef uint64_t* target = self.integers_at + 1 + spare * SUMMARY_COPY_WORDS
        cdef uint64_t* bins = copy + SUMMARY_HEAD_WORDS
        cdef int64_t low, high, window, offset
        low, high = 0, SUMMARY_BINS - 1
        while low <= high and bins[high] == 0:
            high -= 1
        while low <= high and bins[low] == 0:
            low += 1
        window = bin_number
        if low <= high:
            window = _summary_window(min(place + low, bin_number), max(place + high, bin_number))
        memset(target, 0, SUMMARY_COPY_WORDS * sizeof(uint64_t))
        target[0] = <uint64_t>window
        target[1] = copy[1]
        (<double*>target)[2] = (<double*>copy)[2]
        for offset in range(low, high + 1):
            target[SUMMARY_HEAD_WORDS + max(0, place + offset - window)] += bins[offset]
        publish(self.integers_at, spare)
        return target


@cython.cdivision(True)
cdef int64_t _summary_window(int64_t lowest, int64_t highest) noexcept:
    # Place a window that has the highest bin and as many others as it can, with what is free on both sides.
    cdef int64_t unused = SUMMARY_BINS - 1 - (highest - lowest)
    return lowest - unused // 2 if unused > 0 else highest - SUMMARY_BINS + 1


@cython.final
cdef class ExponentialHistogramCell(Cell):
    """Counts per bucket whose bounds grow by a constant factor: see the pure twin."""

    def __cinit__(self, page, Py_ssize_t at, refuse):
        self.bind(page, at, refuse, 1 + 2 * EXPONENTIAL_COPY_WORDS)

    @cython.binding(False)
    def observe(self, value):
        """Count `value`, which is not negative."""
        self.put(_as_double(value))

    @cython.binding(False)
    def write(self, value):
        """Count `value`."""
        self.put(_as_double(value))

    cdef inline int put(self, double value) except -1:
        if 0.0 <= value < INFINITY:
            self.count(value)
            return 0
        return self.refused(value)

    cdef void record(self, double value) noexcept:
        if 0.0 <= value < INFINITY:
            self.count(value)
        else:
            self.refused_aside(value)

    cdef void take(self, double value) noexcept:
        self.record(value)

    cdef void count(self, double value) noexcept:
        cdef uint64_t* copy = self.integers_at + 1 + (self.integers_at[0] & 1) * EXPONENTIAL_COPY_WORDS
        cdef double* numbers
        if value > 0.0:
            copy = self.count_above_zero(copy, value)
        else:
            copy[2] += 1
        numbers = <double*>copy
        numbers[3] += value
        if value > numbers[5]:
            numbers[5] = value

    cdef uint64_t* count_above_zero(self, uint64_t* copy, double value) noexcept:
        # Count into a bucket, which is made to fit first; give the copy that counts then.
        cdef int64_t finest = _finest_index(value), index = finest >> <int>copy[1]
        cdef double* least
        if not _lowest(copy[0]) <= index <= _highest(copy[0]):
            copy = self.reaching(copy, index)
            index = finest >> <int>copy[1]
        copy[_exponential_slot(index)] += 1
        least = <double*>copy + 4
        if value < least[0] or least[0] == 0.0:
            least[0] = value
        return copy

    cdef uint64_t* reaching(self, uint64_t* copy, int64_t index) noexcept:
        # Widen the window to this bucket, in the spare copy if need be; give the copy that counts then.
        cdef int64_t low = index, high = index
        cdef int more = 0
        if copy[0] != 0:
            low, high = min(index, _lowest(copy[0])), max(index, _highest(copy[0]))
        if high - low >= EXPONENTIAL_BUCKETS:
            while (high >> more) - (low >> more) >= EXPONENTIAL_BUCKETS:
                more += 1
            copy, low, high = self.folded(copy, more), low >> more, high >> more
        publish(copy, _packed(low, high))  # before the count, for a reader in another process
        return copy

    cdef uint64_t* folded(self, uint64_t* copy, int more) noexcept:
        # Add up the buckets in the spare copy, each with its neighbours; give the copy that counts then.
        cdef uint64_t spare = 1 - (self.integers_at[0] & 1)
        cdef uint64_t* target = self.integers_at + 1 + spare * EXPONENTIAL_COPY_WORDS
        cdef int64_t index, low = _lowest(copy[0]), high = _highest(copy[0])
        memset(target, 0, EXPONENTIAL_COPY_WORDS * sizeof(uint64_t))
        target[0] = _packed(low >> more, high >> more)
        target[1] = copy[1] + <uint64_t>more
        target[2] = copy[2]
        for index in range(3, EXPONENTIAL_HEAD_WORDS):
            (<double*>target)[index] = (<double*>copy)[index]
        for index in range(low, high + 1):
            target[_exponential_slot(index >> more)] += copy[_exponential_slot(index)]
        publish(self.integers_at, spare)
        return target


cdef int64_t _finest_index(double value) noexcept:
    # The index of a positive value's bucket at the finest scale: see the pure twin.
    cdef int exponent
    cdef double fraction, octave
    if value <= DBL_MIN:
        return <int64_t>((DBL_MIN_EXP - 1) * _PER_OCTAVE) - 1
    fraction = frexp(value, &exponent)
    octave = (exponent - 1) * _PER_OCTAVE
    if fraction == 0.5:
        return <int64_t>octave - 1
    return <int64_t>min(max(floor(log(value) * _PER_LOG), octave), octave + _PER_OCTAVE - 1.0)


cdef inline uint64_t _packed(int64_t low, int64_t high) noexcept:
    return <uint64_t>(low + EXPONENTIAL_BIAS) << 32 | <uint64_t>(high + EXPONENTIAL_BIAS)


cdef inline int64_t _lowest(uint64_t window) noexcept:
    return <int64_t>(window >> 32) - EXPONENTIAL_BIAS


cdef inline int64_t _highest(uint64_t window) noexcept:
    return <int64_t>(window & 0xFFFFFFFF) - EXPONENTIAL_BIAS


@cython.cdivision(True)
cdef inline int64_t _exponential_slot(int64_t index) noexcept:
    return EXPONENTIAL_HEAD_WORDS + (index + EXPONENTIAL_BIAS) % EXPONENTIAL_BUCKETS
