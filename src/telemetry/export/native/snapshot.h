// Copies what changes. Run it under the interpreter lock, where nobody is in the middle of a write.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>

#include "family.h"

namespace rendering {

typedef unsigned __int128 wide;  // counts of corrupt cells may add up past 64 bits

inline double double_of(uint64_t word) {
    double value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

inline double rounded(wide count) {
    const uint64_t low = static_cast<uint64_t>(count);
    return count == low ? static_cast<double>(low) : static_cast<double>(count);
}

inline uint64_t word_of(double value) {
    uint64_t word;
    std::memcpy(&word, &value, sizeof word);
    return word;
}

// The words of one copy where a cell has two, and those of the cell where it has one.
inline size_t value_words(const Family &family) {
    if (family.kind == GAUGE) return 1;
    return family.kind == SUMMARY ? (family.cell_words - 1) / 2 : family.cell_words;
}

inline const uint64_t *active_copy(const Family &family, const uint64_t *cell) {
    if (family.kind == GAUGE) return cell + 1 + 2 * (cell[0] & 1);
    return family.kind == SUMMARY ? cell + 1 + value_words(family) * (cell[0] & 1) : cell;
}

// A row is when the series began (ns), then the words of its value.
inline size_t snapshot_words(const Family &family) { return family.places.size() * (1 + value_words(family)); }

inline void take_snapshot(const Family &family, uint64_t *out) {
    const size_t words = value_words(family);
    for (const Place &place : family.places) {
        *out++ = place.entry[1];
        std::memcpy(out, active_copy(family, place.cell), words * sizeof *out);
        out += words;
    }
}

// How the bins of a summary are numbered and what they stand for, as in `_hotpath.cells`.
struct Sketch {
    int64_t bias;
    double gamma_log, middle_log, largest_log;
};

constexpr size_t SKETCH_PLACE = 0, SKETCH_ZEROS = 1, SKETCH_SUM = 2, SKETCH_BINS = 3;

inline double quantile(const Sketch &sketch, const uint64_t *value, size_t words, wide count, double share) {
    const double rank = share * (count ? rounded(count - 1) : -1.0);
    wide seen = value[SKETCH_ZEROS];
    if (rounded(seen) > rank) return seen ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    const int64_t lowest = static_cast<int64_t>(value[SKETCH_PLACE]) - sketch.bias;
    for (size_t bin = SKETCH_BINS; bin < words; ++bin) {
        seen += value[bin];
        if (rounded(seen) > rank) {
            const double number = static_cast<double>(lowest + static_cast<int64_t>(bin - SKETCH_BINS));
            return std::exp(std::fmin(number * sketch.gamma_log + sketch.middle_log, sketch.largest_log));
        }
    }
    return std::numeric_limits<double>::quiet_NaN();
}

// What is written of a summary replaces its words: count and sum (doubles' and integers' bits), then the estimates.
constexpr size_t SUMMARY_COUNT = 0, SUMMARY_SUM = 1, SUMMARY_VALUES = 2;

inline void settle_summary(const Sketch &sketch, const Family &family, uint64_t *value, std::vector<double> &estimates) {
    const size_t words = value_words(family);
    wide count = value[SKETCH_ZEROS];
    for (size_t bin = SKETCH_BINS; bin < words; ++bin) count += value[bin];
    estimates.clear();
    for (double share : family.numbers) estimates.push_back(quantile(sketch, value, words, count, share));
    value[SUMMARY_COUNT] = static_cast<uint64_t>(count);
    value[SUMMARY_SUM] = value[SKETCH_SUM];
    for (size_t i = 0; i < estimates.size(); ++i) value[SUMMARY_VALUES + i] = word_of(estimates[i]);
}

}  // namespace rendering
