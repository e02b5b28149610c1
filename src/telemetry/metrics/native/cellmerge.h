// Adds a cell of one metric page into a cell of another; `addition.py` is its pure twin and leaves the same bytes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace merging {

enum Operation { RISING, COUNTER, HISTOGRAM, SUMMARY, EXPONENTIAL, LAST, SUM, MAX, MIN, OPERATIONS };

// The sizes of `layout.py`, which the extension compares with its own when it is imported.
constexpr size_t BINS = 512, BINS_AT = 3, SUMMARY_COPY = BINS_AT + BINS;
constexpr size_t BUCKETS = 160, BUCKETS_AT = 6, EXPONENTIAL_COPY = BUCKETS_AT + BUCKETS;
constexpr uint64_t SUMMARY_BIAS = 1 << 16;
constexpr int64_t EXPONENTIAL_BIAS = INT64_C(1) << 31;

constexpr uint64_t LARGEST_COUNT = UINT64_C(1) << 48, MOST_HALVINGS = 40;
constexpr double ROUNDING = 1e-9;

inline double double_of(uint64_t word) {
    double value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

inline uint64_t word_of(double value) {
    uint64_t word;
    std::memcpy(&word, &value, sizeof word);
    return word;
}

inline void add_sum(uint64_t word, uint64_t *into) {
    const double value = double_of(word);
    if (std::isfinite(value)) *into = word_of(double_of(*into) + value);
}

inline void keep_rising(const uint64_t *source, uint64_t *into) {
    const double before = double_of(*source), fall = before - double_of(*into);
    if (0.0 < fall && fall <= before * ROUNDING) *into = *source;
}

inline void add_counter(const uint64_t *source, uint64_t *into) {
    const double value = double_of(*source);
    if (0.0 <= value && value < INFINITY) *into = word_of(double_of(*into) + value);
}

inline void add_histogram(const uint64_t *source, uint64_t *into, size_t words) {
    for (size_t place = 0; place + 1 < words; ++place)
        if (source[place] <= LARGEST_COUNT) into[place] += source[place];
    add_sum(source[words - 1], into + words - 1);
}

// What lies in the future was stamped before the clock was put back.
inline bool is_later(uint64_t time, uint64_t other, uint64_t now) {
    if ((time > now) != (other > now)) return other > now;
    return time > other;
}

inline bool prevails(Operation operation, double value, double held, bool newer) {
    if (operation == LAST) return newer;
    return operation == MAX ? value > held : value < held;
}

inline void merge_gauge(Operation operation, const uint64_t *source, uint64_t *into, uint64_t now, bool living) {
    if (source[0] > 1) return;
    const uint64_t *copy = source + 1 + 2 * source[0];
    const double value = double_of(copy[0]), held = double_of(into[1]);
    if (!copy[1] || !std::isfinite(value)) return;
    const bool newer = !into[2] || is_later(copy[1], into[2], now);
    if (operation == SUM)
        into[1] = word_of(held + (living ? value : 0.0));
    else if (!into[2] || prevails(operation, value, held, newer))
        into[1] = copy[0];
    if (newer) into[2] = copy[1];
}

inline bool are_counts(const uint64_t *counts, size_t number) {
    return std::all_of(counts, counts + number, [](uint64_t count) { return count <= LARGEST_COUNT; });
}

// The numbers of the lowest and the highest bin with a count; the highest is the lower where there is none.
struct Range {
    int64_t low = 1, high = 0;
    bool empty() const { return high < low; }
};

inline Range taken_bins(int64_t place, const uint64_t *bins) {
    Range range;
    const auto is_taken = [](uint64_t count) { return count != 0; };
    const uint64_t *first = std::find_if(bins, bins + BINS, is_taken);
    if (first == bins + BINS) return range;
    const uint64_t *last = bins + BINS - 1;
    while (!*last) --last;
    range.low = place + (first - bins);
    range.high = place + (last - bins);
    return range;
}

inline void add_bins(const uint64_t *copy, uint64_t *into) {
    const int64_t place = copy[0], held_place = into[0];
    const uint64_t *counts = copy + BINS_AT, *held = into + BINS_AT;
    const Range taken = taken_bins(place, counts), had = taken_bins(held_place, held);
    if (taken.empty() || !place) return;
    int64_t moved = held_place;
    if (had.empty()) {
        moved = place;
    } else if (taken.low < held_place || taken.high >= held_place + static_cast<int64_t>(BINS)) {
        const int64_t low = std::min(taken.low, had.low), high = std::max(taken.high, had.high);
        const int64_t free = static_cast<int64_t>(BINS) - 1 - (high - low);
        moved = free > 0 ? low - free / 2 : high - static_cast<int64_t>(BINS) + 1;
    }
    uint64_t bins[BINS] = {};
    for (int64_t number = had.low; number <= had.high; ++number)
        bins[std::max<int64_t>(0, number - moved)] += held[number - held_place];
    for (int64_t number = taken.low; number <= taken.high; ++number)
        bins[std::max<int64_t>(0, number - moved)] += counts[number - place];
    into[0] = static_cast<uint64_t>(moved);
    std::memcpy(into + BINS_AT, bins, sizeof bins);
}

inline void merge_summary(const uint64_t *source, uint64_t *into) {
    if (source[0] > 1) return;
    const uint64_t *copy = source + 1 + source[0] * SUMMARY_COPY;
    if (copy[1] > LARGEST_COUNT || copy[0] > 2 * SUMMARY_BIAS || !are_counts(copy + BINS_AT, BINS)) return;
    into[2] += copy[1];
    add_sum(copy[2], into + 3);
    add_bins(copy, into + 1);
}

inline size_t slot(int64_t index) { return BUCKETS_AT + static_cast<uint64_t>(index + EXPONENTIAL_BIAS) % BUCKETS; }

inline Range range_of(uint64_t window) {
    Range range;
    if (!window) return range;
    range.low = static_cast<int64_t>(window >> 32) - EXPONENTIAL_BIAS;
    range.high = static_cast<int64_t>(window & 0xFFFFFFFF) - EXPONENTIAL_BIAS;
    return range;
}

inline void fold_buckets(const uint64_t *copy, uint64_t halvings, uint64_t *counts) {
    const Range range = range_of(copy[0]);
    for (int64_t index = range.low; index <= range.high; ++index)
        counts[slot(index >> (halvings - copy[1])) - BUCKETS_AT] += copy[slot(index)];
}

inline void add_buckets(const uint64_t *copy, uint64_t *into) {
    const Range added = range_of(copy[0]), held = range_of(into[0]);
    uint64_t halvings = held.empty() ? copy[1] : std::max(copy[1], into[1]);
    int64_t low = added.low >> (halvings - copy[1]), high = added.high >> (halvings - copy[1]);
    if (!held.empty()) {
        low = std::min(low, held.low >> (halvings - into[1]));
        high = std::max(high, held.high >> (halvings - into[1]));
    }
    for (; high - low >= static_cast<int64_t>(BUCKETS); ++halvings) {
        low >>= 1;
        high >>= 1;
    }
    uint64_t counts[BUCKETS] = {};
    fold_buckets(into, halvings, counts);
    fold_buckets(copy, halvings, counts);
    into[0] = static_cast<uint64_t>(low + EXPONENTIAL_BIAS) << 32 | static_cast<uint64_t>(high + EXPONENTIAL_BIAS);
    into[1] = halvings;
    std::memcpy(into + BUCKETS_AT, counts, sizeof counts);
}

inline void merge_exponential(const uint64_t *source, uint64_t *into) {
    if (source[0] > 1) return;
    const uint64_t *copy = source + 1 + source[0] * EXPONENTIAL_COPY;
    const Range range = range_of(copy[0]);
    if (copy[2] > LARGEST_COUNT || copy[1] > MOST_HALVINGS || !are_counts(copy + BUCKETS_AT, BUCKETS)) return;
    if (copy[0] && (range.high < range.low || range.high - range.low >= static_cast<int64_t>(BUCKETS))) return;
    uint64_t *held = into + 1;
    held[2] += copy[2];
    add_sum(copy[3], held + 3);
    const double least = double_of(copy[4]), greatest = double_of(copy[5]);
    if (std::isfinite(greatest) && greatest > double_of(held[5])) held[5] = copy[5];
    if (!copy[0]) return;
    const double lowest = double_of(held[4]);
    if (std::isfinite(least) && least != 0.0 && (lowest == 0.0 || least < lowest)) held[4] = copy[4];
    add_buckets(copy, held);
}

struct Link {
    const uint64_t *source;
    uint64_t *target;
    uint32_t words;
    Operation operation;
};

inline void merge(const Link &link, uint64_t now, bool living) {
    switch (link.operation) {
    case RISING: return keep_rising(link.source, link.target);
    case COUNTER: return add_counter(link.source, link.target);
    case HISTOGRAM: return add_histogram(link.source, link.target, link.words);
    case SUMMARY: return merge_summary(link.source, link.target);
    case EXPONENTIAL: return merge_exponential(link.source, link.target);
    default: return merge_gauge(link.operation, link.source, link.target, now, living);
    }
}

}  // namespace merging
