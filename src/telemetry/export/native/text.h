// Writes the sample lines of a family, from a snapshot of its cells; both text formats share them.
#pragma once

#include "number.h"
#include "snapshot.h"

namespace rendering {

// The pieces of a series: of a histogram what stands before and after a bound, then, where they are shown, the
// beginnings of the lines of count and sum; of a summary the beginnings of one line a quantile, count and sum.
constexpr size_t BEFORE_BOUND = 0, AFTER_BOUND = 1, HISTOGRAM_COUNT = BUCKET_PIECES, HISTOGRAM_SUM = 3;
constexpr size_t LINE_BYTES = NUMBER_BYTES + 1;

inline size_t most_text(const Family &family) {
    const size_t series = family.places.size();
    if (family.kind != HISTOGRAM) return family.text.size() + family.ends.size() * LINE_BYTES;
    size_t marks = 0;
    for (const std::string &mark : family.marks) marks += mark.size() + LINE_BYTES;
    return family.bucket_bytes * family.marks.size() + family.text.size() + series * (marks + 2 * LINE_BYTES);
}

inline char *append(char *out, std::string_view piece) {
    std::memcpy(out, piece.data(), piece.size());
    return out + piece.size();
}

inline char *end_line(char *out, double value) {
    out = write_number(out, value);
    *out = '\n';
    return out + 1;
}

inline char *write_line(char *out, std::string_view beginning, double value) {
    return end_line(append(out, beginning), value);
}

inline char *write_histogram(char *out, const Family &family, size_t series, const uint64_t *value) {
    const std::string_view before = family.piece(series, BEFORE_BOUND), after = family.piece(series, AFTER_BOUND);
    const size_t buckets = family.marks.size();
    wide seen = 0;
    for (size_t bucket = 0; bucket < buckets; ++bucket) {
        seen += value[bucket];
        out = append(append(append(out, before), family.marks[bucket]), after);
        out = end_line(out, rounded(seen));
    }
    if (family.pieces_each <= HISTOGRAM_SUM) return out;
    out = write_line(out, family.piece(series, HISTOGRAM_COUNT), rounded(seen));
    return write_line(out, family.piece(series, HISTOGRAM_SUM), double_of(value[buckets]));
}

inline char *write_summary(char *out, const Family &family, size_t series, const uint64_t *value) {
    const size_t quantiles = family.numbers.size();
    for (size_t i = 0; i < quantiles; ++i)
        out = write_line(out, family.piece(series, i), double_of(value[SUMMARY_VALUES + i]));
    out = write_line(out, family.piece(series, quantiles), static_cast<double>(value[SUMMARY_COUNT]));
    return write_line(out, family.piece(series, quantiles + 1), double_of(value[SUMMARY_SUM]));
}

inline char *write_series(char *out, const Family &family, size_t series, const uint64_t *value) {
    if (family.kind == HISTOGRAM) return write_histogram(out, family, series, value);
    if (family.kind == SUMMARY) return write_summary(out, family, series, value);
    return write_line(out, family.piece(series, 0), double_of(*value));
}

inline char *write_lines(char *out, const Family &family, const uint64_t *snapshot) {
    const size_t words = 1 + value_words(family);
    for (size_t series = 0; series < family.places.size(); ++series, snapshot += words)
        out = write_series(out, family, series, snapshot + 1);
    return out;
}

}  // namespace rendering
