/* Words of a metric page that other processes read: what C can say of their order and Cython cannot. */
#ifndef TELEMETRY_CELLS_H
#define TELEMETRY_CELLS_H

#include <stdint.h>
#include <time.h>

/* The sizes of `layout.py`, which the extension compares with its own when it is imported. */
enum {
    SUMMARY_BINS = 512,
    SUMMARY_HEAD_WORDS = 3,
    SUMMARY_COPY_WORDS = SUMMARY_HEAD_WORDS + SUMMARY_BINS,
    SUMMARY_BIAS = 1 << 16,
    EXPONENTIAL_BUCKETS = 160,
    EXPONENTIAL_SCALE = 20,
    EXPONENTIAL_HEAD_WORDS = 6,
    EXPONENTIAL_COPY_WORDS = EXPONENTIAL_HEAD_WORDS + EXPONENTIAL_BUCKETS,
};

#define EXPONENTIAL_BIAS (INT64_C(1) << 31)

/* Write the word that says what counts after all that it speaks of; on x86-64 this costs an ordinary store. */
static inline void
publish(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline uint64_t
real_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Count the bounds below a value, which is `bisect_left`; without a branch that an unsteady value would mispredict. */
static inline Py_ssize_t
bucket_of(const double *bounds, Py_ssize_t count, double value)
{
    const double *from = bounds;
    while (count > 1) {
        Py_ssize_t half = count / 2;
        from += from[half - 1] < value ? half : 0;
        count -= half;
    }
    return (from - bounds) + (count == 1 && *from < value);
}

#endif
