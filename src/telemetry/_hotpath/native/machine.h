/* What the compiled twin needs of the machine: clocks, a source of random bits, bytes in the order of the wire. */
#pragma once
#include <Python.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

static inline int64_t
read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t
realtime_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

static inline int64_t
monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* A count that rises evenly and costs next to nothing to read; its unit is found out by reading it beside a clock. */
static inline uint64_t
ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)monotonic_ns();
#endif
}

/* xoshiro256** (Blackman, Vigna 2021): four words of state, all of them seeded from the operating system. */
static uint64_t random_state[4];

static inline uint64_t
rotated(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline uint64_t
random_word(void)
{
    uint64_t *state = random_state;
    uint64_t result = rotated(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotated(state[3], 45);
    return result ? result : 1; /* an id of zeros is none */
}

/* Ids are kept as they stand on the wire, most significant byte first. */
static inline uint64_t
swapped(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

static inline uint64_t
little_endian(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return word;
#else
    return __builtin_bswap64(word);
#endif
}
